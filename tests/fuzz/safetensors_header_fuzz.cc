#include "protocol/model/safetensors_header.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// The first two bytes say how much data the file holds behind the header; the rest is the file's
// front.
void fuzz::run(ByteView input) {
  if (input.size() < 2) return;
  const auto behind = static_cast<std::uint64_t>(input[0]) | static_cast<std::uint64_t>(input[1])
                                                                 << 8;
  const ByteView front = input.subspan(2);
  const auto header_bytes = model::safetensors_header_bytes(front);
  if (!header_bytes) return;
  FUZZ_REQUIRE(*header_bytes <= 8 + model::safetensors_json_bytes_max);
  const std::uint64_t file_size = *header_bytes + behind;
  const auto header = model::parse_safetensors_header(front, file_size);
  if (!header) return;
  std::uint64_t reached = header->data_begin;
  for (const auto& tensor : header->tensors) {
    FUZZ_REQUIRE(tensor.begin == reached);
    FUZZ_REQUIRE(tensor.end >= tensor.begin);
    reached = tensor.end;
    unsigned __int128 bits = model::bits_per_element(tensor.dtype);
    for (const auto extent : tensor.shape) bits *= extent;
    FUZZ_REQUIRE(bits == static_cast<unsigned __int128>(tensor.end - tensor.begin) * 8);
  }
  FUZZ_REQUIRE(reached == file_size);
}

WAAG_FUZZ_TARGET
