#include "protocol/model/gguf_header.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// The first four bytes say how much longer the file is than the front that follows.
void fuzz::run(ByteView input) {
  if (input.size() < 4) return;
  ByteReader reader(input);
  const auto behind = reader.fixed<std::uint32_t>();
  const ByteView front = input.subspan(4);
  const std::uint64_t file_size = front.size() + behind;
  const auto result = model::parse_gguf_header(front, file_size);
  if (!result) return;
  if (const auto* more = std::get_if<model::GgufNeedsBytes>(&*result)) {
    FUZZ_REQUIRE(more->prefix_bytes > front.size());
    FUZZ_REQUIRE(more->prefix_bytes <= file_size);
    return;
  }
  const auto& header = std::get<model::GgufHeader>(*result);
  unsigned __int128 reached = header.data_begin;
  FUZZ_REQUIRE(header.data_begin % header.alignment == 0);
  for (const auto& tensor : header.tensors) {
    FUZZ_REQUIRE(tensor.begin >= reached);
    FUZZ_REQUIRE((tensor.begin - header.data_begin) % header.alignment == 0);
    FUZZ_REQUIRE(tensor.end >= tensor.begin);
    reached = tensor.end;
  }
  FUZZ_REQUIRE(header.tensors.empty() || reached <= file_size);
  for (const auto& pair : header.pairs)
    FUZZ_REQUIRE(pair.begin <= pair.end && pair.end <= front.size());
}

WAAG_FUZZ_TARGET
