#include "protocol/model/gguf_header.h"
#include "protocol/model/gguf_scanner.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

struct Scan {
  Result<bool> whole{false};
  std::uint64_t data_begin = 0;
  std::vector<model::TensorInfo> tensors;
};

Scan scan(ByteView front, std::size_t piece) {
  model::GgufScanner scanner;
  Scan done;
  while (!front.empty() && done.whole) {
    const auto part = front.first(std::min(piece, front.size()));
    done.whole = scanner.feed(part, done.tensors);
    front = front.subspan(part.size());
  }
  done.data_begin = scanner.data_begin();
  return done;
}

/// However the bytes come, the scanner says the same; and what the parser takes, it takes.
void check_scanner(ByteView front, std::size_t piece, const model::GgufHeader* header) {
  const auto whole = scan(front, front.size());
  const auto parts = scan(front, piece);
  FUZZ_REQUIRE(whole.whole.has_value() == parts.whole.has_value());
  if (!whole.whole) {
    FUZZ_REQUIRE(header == nullptr);
    return;
  }
  FUZZ_REQUIRE(*whole.whole == *parts.whole);
  FUZZ_REQUIRE(whole.tensors == parts.tensors);
  if (header == nullptr) return;
  FUZZ_REQUIRE(*whole.whole && whole.data_begin == header->data_begin);
  FUZZ_REQUIRE(whole.tensors.size() == header->tensors.size());
  for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
    auto tensor = whole.tensors[i];
    tensor.begin += whole.data_begin;
    tensor.end += whole.data_begin;
    FUZZ_REQUIRE(tensor == header->tensors[i]);
  }
}

void check_header(const model::GgufHeader& header, ByteView front, std::uint64_t file_size) {
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

}  // namespace

// The first four bytes say how much longer the file is than the front that follows, and (the first)
// in which pieces the front comes.
void fuzz::run(ByteView input) {
  if (input.size() < 4) return;
  const auto piece = 1 + static_cast<std::size_t>(input[0]) % 64;
  ByteReader reader(input);
  const auto behind = reader.fixed<std::uint32_t>();
  const ByteView front = input.subspan(4);
  const std::uint64_t file_size = front.size() + behind;
  const auto result = model::parse_gguf_header(front, file_size);
  const auto* header = result ? std::get_if<model::GgufHeader>(&*result) : nullptr;
  check_scanner(front, piece, header);
  if (!result) return;
  if (const auto* more = std::get_if<model::GgufNeedsBytes>(&*result)) {
    FUZZ_REQUIRE(more->prefix_bytes > front.size());
    FUZZ_REQUIRE(more->prefix_bytes <= file_size);
    return;
  }
  check_header(*header, front, file_size);
}

WAAG_FUZZ_TARGET
