#include <algorithm>

#include "protocol/hash.h"
#include "protocol/xet/xorb_stream.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

/// Reads `whole` in pieces of 1 to 5 bytes and, now and then, of some more.
Result<xet::Xorb> read_pieces(ByteView whole, std::uint64_t seed) {
  xet::XorbStream stream;
  while (!whole.empty()) {
    seed = seed * 6364136223846793005 + 1;
    const std::uint64_t wish = seed >> 60 == 0 ? seed >> 52 : (seed >> 33) % 5;
    const auto piece = std::min<std::size_t>(wish + 1, whole.size());
    WAAG_CHECK(stream.feed(whole.first(piece), {}));
    whole = whole.subspan(piece);
  }
  return stream.finish();
}

}  // namespace

void fuzz::run(ByteView input) {
  std::uint64_t raw_bytes = 0;
  Bytes again;
  const auto sink = [&](const xet::XorbChunk& chunk, ByteView raw) {
    FUZZ_REQUIRE(raw.size() == chunk.header.raw_bytes);
    raw_bytes += raw.size();
    xet::append_chunk(raw, chunk.header.scheme, again);
    return ok();
  };
  const auto xorb = xet::read_xorb(input, sink);
  if (xorb) {
    FUZZ_REQUIRE(raw_bytes == xorb->raw_bytes && raw_bytes <= xet::xorb_raw_bytes_max);
    FUZZ_REQUIRE(xorb->body_bytes <= input.size());
    // The name does not depend on how the chunks were encoded.
    const auto encoded = xet::read_xorb(again);
    FUZZ_REQUIRE(encoded && encoded->hash == xorb->hash);
  }
  const auto pieces = read_pieces(input, crc32c(input));
  FUZZ_REQUIRE(pieces.has_value() == xorb.has_value());
  FUZZ_REQUIRE(xorb ? pieces->hash == xorb->hash : pieces.error().what == xorb.error().what);
  if (const auto footer = xet::parse_footer(input)) {
    const auto bytes = xet::serialize_footer(*footer);
    FUZZ_REQUIRE(bytes.size() == input.size());
    FUZZ_REQUIRE(*xet::parse_footer(bytes) == *footer);
  }
}

WAAG_FUZZ_TARGET
