#include "protocol/xet/xorb.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  std::uint64_t raw_bytes = 0;
  Bytes again;
  const auto sink = [&](const xet::XorbChunk& chunk, ByteView raw) {
    FUZZ_REQUIRE(raw.size() == chunk.header.raw_bytes);
    raw_bytes += raw.size();
    xet::append_chunk(raw, chunk.header.scheme, again);
    return ok();
  };
  if (const auto xorb = xet::read_xorb(input, sink)) {
    FUZZ_REQUIRE(raw_bytes == xorb->raw_bytes && raw_bytes <= xet::xorb_raw_bytes_max);
    FUZZ_REQUIRE(xorb->body_bytes <= input.size());
    // The name does not depend on how the chunks were encoded.
    const auto encoded = xet::read_xorb(again);
    FUZZ_REQUIRE(encoded && encoded->hash == xorb->hash);
  }
  if (const auto footer = xet::parse_footer(input)) {
    const auto bytes = xet::serialize_footer(*footer);
    FUZZ_REQUIRE(bytes.size() == input.size());
    FUZZ_REQUIRE(*xet::parse_footer(bytes) == *footer);
  }
}

WAAG_FUZZ_TARGET
