#include "storage/meta/mirror/mirror_rows.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::uint8_t mirror_row_version = 2;  // 2 added what is left out

}  // namespace

std::string encode(const MirrorRow& row) {
  ByteWriter out;
  out.fixed(mirror_row_version);
  out.text(row.upstream);
  out.text(row.name);
  put_time(out, row.since);
  put_time(out, row.checked);
  put_time(out, row.gone);
  out.fixed(static_cast<std::uint8_t>(row.proven));
  out.varint(row.refs_left_out);
  out.varint(row.left_out.size());
  for (const auto& ref : row.left_out) {
    out.text(ref.name);
    out.text(ref.reason);
  }
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
  if (version >= 2) {
    row.refs_left_out = in.varint();
    const auto named = in.varint();
    if (named > left_out_refs_max) return fail(Errc::corrupt, "a mirror leaves too many refs out");
    for (std::uint64_t i = 0; i < named; ++i) {
      auto& ref = row.left_out.emplace_back();
      ref.name = in.text();
      ref.reason = in.text();
    }
  }
  return checked_row(in, version, std::move(row), "mirror", mirror_row_version);
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
