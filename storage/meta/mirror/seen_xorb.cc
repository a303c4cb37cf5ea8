#include "storage/meta/mirror/seen_xorb.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;

}  // namespace

/// version | runs | { gap to the run | chunks in it | { hash | raw bytes } }: chunks come in runs.
std::string encode_seen_xorb(const SeenXorb& row) {
  std::size_t runs = 0;
  for (const auto& [number, chunk] : row) runs += number == 0 || !row.contains(number - 1) ? 1 : 0;
  ByteWriter out;
  out.fixed(row_version);
  out.varint(runs);
  std::uint32_t next = 0;
  for (auto at = row.begin(); at != row.end();) {
    const auto first = at->first;
    auto end = at;
    auto past = first;
    while (end != row.end() && end->first == past) {
      ++end;
      ++past;
    }
    out.varint(first - next);
    out.varint(past - first);
    for (; at != end; ++at) {
      out.raw(at->second.hash.view());
      out.varint(at->second.raw_bytes);
    }
    next = past;
  }
  return out.str();
}

Result<SeenXorb> decode_seen_xorb(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  SeenXorb row;
  std::uint64_t number = 0;
  for (auto runs = in.varint(); runs > 0 && in.ok(); --runs) {
    const auto gap = in.varint();
    const auto chunks = in.varint();
    const bool joined = gap == 0 && !row.empty();
    if (joined || chunks == 0 || gap > seen_chunks_max || chunks > seen_chunks_max ||
        number + gap + chunks > seen_chunks_max)
      return fail(Errc::corrupt, "not the row of a seen xorb");
    number += gap;
    for (const auto end = number + chunks; number < end && in.ok(); ++number) {
      XorbChunk chunk;
      get_id(in, chunk.hash);
      const auto bytes = in.varint();
      if (bytes > UINT32_MAX) return fail(Errc::corrupt, "not the row of a seen xorb");
      chunk.raw_bytes = static_cast<std::uint32_t>(bytes);
      row.emplace_hint(row.end(), static_cast<std::uint32_t>(number), chunk);
    }
  }
  return checked_row(in, version, std::move(row), "seen xorb");
}

}  // namespace waag::storage
