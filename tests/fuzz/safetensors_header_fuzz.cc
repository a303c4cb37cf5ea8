#include "protocol/model/safetensors_header.h"
#include "protocol/model/safetensors_scanner.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

struct Scan {
  Result<bool> whole{false};
  std::vector<model::TensorInfo> tensors;
};

Scan scan(ByteView front, std::size_t piece) {
  model::SafetensorsScanner scanner;
  Scan done;
  while (!front.empty() && done.whole) {
    const auto part = front.first(std::min(piece, front.size()));
    done.whole = scanner.feed(part, done.tensors);
    front = front.subspan(part.size());
  }
  return done;
}

/// However the bytes come, the scanner says the same; what the parser takes, it takes.
void check_scanner(ByteView front, std::size_t piece, std::size_t parsed_tensors, bool parsed) {
  const auto whole = scan(front, front.size());
  const auto parts = scan(front, piece);
  FUZZ_REQUIRE(whole.whole.has_value() == parts.whole.has_value());
  FUZZ_REQUIRE(whole.whole || !parsed);
  if (!whole.whole) return;
  FUZZ_REQUIRE(*whole.whole == *parts.whole);
  FUZZ_REQUIRE(whole.tensors == parts.tensors);
  FUZZ_REQUIRE(!parsed || (*whole.whole && whole.tensors.size() == parsed_tensors));
}

}  // namespace

// The first two bytes say how much data the file holds behind the header, and (the first) in which
// pieces the front comes; the rest is the file's front.
void fuzz::run(ByteView input) {
  if (input.size() < 2) return;
  const auto behind = static_cast<std::uint64_t>(input[0]) | static_cast<std::uint64_t>(input[1])
                                                                 << 8;
  const ByteView front = input.subspan(2);
  const auto piece = 1 + static_cast<std::size_t>(input[0]) % 64;
  const auto header_bytes = model::safetensors_header_bytes(front);
  if (!header_bytes) return;
  FUZZ_REQUIRE(*header_bytes <= 8 + model::safetensors_json_bytes_max);
  const std::uint64_t file_size = *header_bytes + behind;
  const auto header = model::parse_safetensors_header(front, file_size);
  check_scanner(front, piece, header ? header->tensors.size() : 0, header.has_value());
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
