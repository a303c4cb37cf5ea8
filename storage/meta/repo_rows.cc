#include "storage/meta/repo_rows.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
/// 2 added gate, disabled, discussions_disabled; rows of version 1 are read as without them.
constexpr std::uint8_t repo_row_version = 2;

void put_time(ByteWriter& out, TimeMs time) { out.fixed(static_cast<std::uint64_t>(time.count())); }

TimeMs get_time(ByteReader& in) {
  return TimeMs(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
}

template <class Id>
void get_id(ByteReader& in, Id& id) {
  const auto raw = in.raw(Id::size_bytes);
  if (raw.size() == Id::size_bytes) std::memcpy(id.bytes.data(), raw.data(), raw.size());
}

/// What every decoder checks at its end: nothing short, nothing left over, a version that it knows.
template <class Row>
Result<Row> checked(const ByteReader& in, std::uint8_t version, Row row, const char* what,
                    std::uint8_t newest = row_version) {
  if (!in.ok() || !in.at_end() || version < 1 || version > newest)
    return fail(Errc::corrupt, std::string("not the row of a ") + what);
  return row;
}

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
  // What one cannot read must never be taken for an open door: refuse the row.
  if (type > static_cast<std::uint8_t>(RepoType::space) ||
      visibility > static_cast<std::uint8_t>(Visibility::closed) ||
      gate > static_cast<std::uint8_t>(Gate::manual))
    return fail(Errc::corrupt, "repo row with an unknown type, visibility or gate");
  return checked(in, version, std::move(row), "repo", repo_row_version);
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
  return checked(in, version, row, "redirect");
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
  return checked(in, version, std::move(row), "repo in the trash");
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
  return checked(in, version, row, "ref");
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
  return checked(in, version, std::move(row), "ref log entry");
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
  return checked(in, version, row, "like");
}

std::string encode(const UserRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.name);
  out.text(row.full_name);
  out.text(row.email);
  out.fixed(static_cast<std::uint8_t>(row.hub_admin));
  out.fixed(static_cast<std::uint8_t>(row.disabled));
  put_time(out, row.created);
  return out.str();
}

Result<UserRow> decode_user(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  UserRow row;
  row.name = in.text();
  row.full_name = in.text();
  row.email = in.text();
  row.hub_admin = in.fixed<std::uint8_t>() != 0;
  row.disabled = in.fixed<std::uint8_t>() != 0;
  row.created = get_time(in);
  return checked(in, version, std::move(row), "user");
}

std::string encode(const TokenRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.public_id);
  out.raw(row.secret_sha256.view());
  out.text(row.user);
  out.text(row.display_name);
  out.fixed(static_cast<std::uint8_t>(row.role));
  put_time(out, row.created);
  out.fixed(static_cast<std::uint8_t>(row.expires.has_value()));
  if (row.expires) put_time(out, *row.expires);
  return out.str();
}

Result<TokenRow> decode_token(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  TokenRow row;
  row.public_id = in.text();
  get_id(in, row.secret_sha256);
  row.user = in.text();
  row.display_name = in.text();
  const auto role = in.fixed<std::uint8_t>();
  row.role = TokenRole{role};
  row.created = get_time(in);
  if (in.fixed<std::uint8_t>() != 0) row.expires = get_time(in);
  // An unknown role must never be read as some right: refuse the row.
  if (role > static_cast<std::uint8_t>(TokenRole::admin))
    return fail(Errc::corrupt, "token row with an unknown role");
  return checked(in, version, std::move(row), "token");
}

}  // namespace waag::storage
