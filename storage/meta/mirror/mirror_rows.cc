#include "storage/meta/mirror/mirror_rows.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;

}  // namespace

std::string encode(const MirrorRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.upstream);
  out.text(row.name);
  put_time(out, row.since);
  put_time(out, row.checked);
  put_time(out, row.gone);
  out.fixed(static_cast<std::uint8_t>(row.proven));
  return out.str();
}

Result<MirrorRow> decode_mirror(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  MirrorRow row;
  row.upstream = in.text();
  row.name = in.text();
  row.since = get_time(in);
  row.checked = get_time(in);
  row.gone = get_time(in);
  row.proven = in.fixed<std::uint8_t>() != 0;
  return checked_row(in, version, std::move(row), "mirror");
}

std::string encode(const ClaimedCommit& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.raw(row.tree.view());
  put_time(out, row.date);
  out.text(row.author);
  out.text(row.title);
  return out.str();
}

Result<ClaimedCommit> decode_claimed_commit(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  ClaimedCommit row;
  get_id(in, row.tree);
  row.date = get_time(in);
  row.author = in.text();
  row.title = in.text();
  return checked_row(in, version, std::move(row), "claimed commit");
}

}  // namespace waag::storage
