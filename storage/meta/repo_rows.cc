#include "storage/meta/repo_rows.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
/// 2 added gate, disabled, discussions_disabled, 3 mirrored; older rows are read as without them.
constexpr std::uint8_t repo_row_version = 3;

}  // namespace

std::string encode(const RepoRow& row) {
  ByteWriter out;
  out.fixed(repo_row_version);
  out.fixed(row.uid);
  out.fixed(static_cast<std::uint8_t>(row.id.type));
  out.text(row.id.ns);
  out.text(row.id.name);
  out.fixed(static_cast<std::uint8_t>(row.visibility));
  out.text(row.creator);
  put_time(out, row.created);
  out.text(row.sdk);
  out.fixed(static_cast<std::uint8_t>(row.gate));
  out.fixed(static_cast<std::uint8_t>(row.disabled));
  out.fixed(static_cast<std::uint8_t>(row.discussions_disabled));
  out.fixed(static_cast<std::uint8_t>(row.mirrored));
  return out.str();
}

Result<RepoRow> decode_repo(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  RepoRow row;
  row.uid = in.fixed<std::uint64_t>();
  const auto type = in.fixed<std::uint8_t>();
  row.id.type = RepoType{type};
  row.id.ns = in.text();
  row.id.name = in.text();
  const auto visibility = in.fixed<std::uint8_t>();
  row.visibility = Visibility{visibility};
  row.creator = in.text();
  row.created = get_time(in);
  row.sdk = in.text();
  std::uint8_t gate = 0;
  if (version >= 2) {
    gate = in.fixed<std::uint8_t>();
    row.gate = Gate{gate};
    row.disabled = in.fixed<std::uint8_t>() != 0;
    row.discussions_disabled = in.fixed<std::uint8_t>() != 0;
  }
  if (version >= 3) row.mirrored = in.fixed<std::uint8_t>() != 0;
  // What one cannot read must never be taken for an open door: refuse the row.
  if (type > static_cast<std::uint8_t>(RepoType::space) ||
      visibility > static_cast<std::uint8_t>(Visibility::closed) ||
      gate > static_cast<std::uint8_t>(Gate::manual))
    return fail(Errc::corrupt, "repo row with an unknown type, visibility or gate");
  return checked_row(in, version, std::move(row), "repo", repo_row_version);
}

std::string encode(const RedirectRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.fixed(row.uid);
  return out.str();
}

Result<RedirectRow> decode_redirect(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  RedirectRow row;
  row.uid = in.fixed<std::uint64_t>();
  return checked_row(in, version, row, "redirect");
}

std::string encode(const TrashRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(encode(row.repo));
  put_time(out, row.deleted);
  out.text(row.user);
  return out.str();
}

Result<TrashRow> decode_trash(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  TrashRow row;
  const auto repo = in.text();
  row.deleted = get_time(in);
  row.user = in.text();
  WAAG_TRY(row.repo, decode_repo(repo));
  return checked_row(in, version, std::move(row), "repo in the trash");
}

std::string encode(const RefRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.raw(row.target.view());
  out.raw(row.tag_object.view());
  put_time(out, row.updated);
  return out.str();
}

Result<RefRow> decode_ref(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  RefRow row;
  get_id(in, row.target);
  get_id(in, row.tag_object);
  row.updated = get_time(in);
  return checked_row(in, version, row, "ref");
}

std::string encode(const RefLogRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.raw(row.from.view());
  out.raw(row.to.view());
  out.text(row.user);
  put_time(out, row.at);
  return out.str();
}

Result<RefLogRow> decode_ref_log(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  RefLogRow row;
  get_id(in, row.from);
  get_id(in, row.to);
  row.user = in.text();
  row.at = get_time(in);
  return checked_row(in, version, std::move(row), "ref log entry");
}

std::string encode(const LikeRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  put_time(out, row.at);
  return out.str();
}

Result<LikeRow> decode_like(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  LikeRow row;
  row.at = get_time(in);
  return checked_row(in, version, row, "like");
}

}  // namespace waag::storage
