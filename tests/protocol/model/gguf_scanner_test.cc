#include "protocol/model/gguf_scanner.h"

#include <catch2/catch.hpp>

#include "tests/vectors/gguf_builder.h"

using namespace waag;
using namespace waag::model;
using test::GgufBuilder;

namespace {

constexpr std::uint64_t room = 1u << 20;  // of data behind the header

struct Scan {
  Result<bool> whole{false};
  std::uint64_t data_begin = 0;
  std::vector<TensorInfo> tensors;
};

/// Fed in pieces of `piece` bytes.
Scan scan(ByteView header, std::size_t piece) {
  GgufScanner scanner;
  Scan done;
  while (!header.empty() && done.whole) {
    const auto part = header.first(std::min(piece, header.size()));
    done.whole = scanner.feed(part, done.tensors);
    header = header.subspan(part.size());
  }
  done.data_begin = scanner.data_begin();
  return done;
}

/// Every kind of metadata value around an alignment of 64.
GgufBuilder sample() {
  GgufBuilder out;
  out.start(3, 8, 2).pair_text("general.architecture", "llama").text("u8").word32(0).bytes("x");
  out.text("f64").word32(12).word64(1).pair_u32("general.alignment", 64);
  out.text("tokens").word32(9).word32(8).word64(3).text("<s>").text("").text("a longer token");
  out.text("scores").word32(9).word32(6).word64(5).bytes(std::string(20, 's'));
  out.text("none").word32(9).word32(8).word64(0).pair_text("general.alignmen_", "decoy");
  out.tensor("output.weight", {32, 4}, 8, 0).tensor("token_embd.weight", {3, 5}, 1, 192);
  return out.tensor("norm", {}, 0, 256);
}

bool refused(const GgufBuilder& out) {
  const auto done = scan(out.header(), 7);
  return !done.whole && done.whole.error().code == Errc::unprocessable;
}

}  // namespace

TEST_CASE("gguf scanner: the tensors that the parser finds, however the bytes come",
          "[protocol][model]") {
  const auto builder = sample();
  const auto parsed = parse_gguf_header(builder.header(), builder.header().size() + room);
  REQUIRE(parsed);
  auto want = std::get<GgufHeader>(*parsed);
  for (auto& tensor : want.tensors) {
    tensor.begin -= want.data_begin;
    tensor.end -= want.data_begin;
  }
  for (std::size_t piece = 1; piece <= builder.header().size(); ++piece) {
    CAPTURE(piece);
    const auto done = scan(builder.header(), piece);
    REQUIRE(done.whole);
    CHECK(*done.whole);
    CHECK(done.data_begin == want.data_begin);
    CHECK(done.tensors == want.tensors);
  }
}

TEST_CASE("gguf scanner: it knows when the header is not complete", "[protocol][model]") {
  const auto builder = sample();
  const ByteView header = builder.header();
  for (std::size_t size = 1; size < header.size(); ++size) {
    CAPTURE(size);
    const auto done = scan(header.first(size), 5);
    REQUIRE(done.whole);
    CHECK_FALSE(*done.whole);
  }
  GgufBuilder no_tensors;
  no_tensors.start(0, 1).pair_text("k", "value");
  const ByteView skipped = no_tensors.header();
  CHECK_FALSE(*scan(skipped.first(skipped.size() - 1), 100).whole);
  CHECK(*scan(skipped, 100).whole);
}

TEST_CASE("gguf scanner: what is behind the header is not looked at", "[protocol][model]") {
  auto bytes = sample().header();
  const auto header = bytes.size();
  bytes.resize(header + 1000, std::byte{0xff});
  const auto done = scan(bytes, 64);
  REQUIRE(done.whole);
  CHECK(*done.whole);
  CHECK(done.tensors.size() == 3);
  CHECK(done.data_begin == (header + 63) / 64 * 64);
}

TEST_CASE("gguf scanner: hostile headers are refused at once", "[protocol][model]") {
  constexpr auto huge = ~std::uint64_t{0};
  const std::string name_64(64, 'n');
  CHECK(refused(GgufBuilder().bytes("GGUX").word32(3).word64(0).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 0, 1)));
  CHECK(refused(GgufBuilder().start(0, 0, 4)));
  CHECK(refused(GgufBuilder().start(0, 0, 0x03000000)));
  CHECK(refused(GgufBuilder().start(huge, 0)));
  CHECK(refused(GgufBuilder().start(0, huge)));
  CHECK(refused(GgufBuilder().start(0, 1).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 1).word64(65'536)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(13)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(8).word64(huge)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(8).word64(1u << 30)));  // too much
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(9).word64(1)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(0).word64(huge)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(10).word64(1u << 30)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_u32("general.alignment", 0)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_u32("general.alignment", 48)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_text("general.alignment", "32")));
  CHECK(refused(GgufBuilder()
                    .start(0, 2)
                    .pair_u32("general.alignment", 64)
                    .pair_u32("general.alignment", 32)));
  CHECK(refused(GgufBuilder().start(1, 0).word64(0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor(name_64, {}, 0, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a\n", {}, 0, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("\xFF", {}, 0, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {1, 1, 1, 1, 1}, 0, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {}, 4, 0)));    // a retired type
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {33}, 8, 0)));  // half a block
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {huge}, 0, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {1u << 31, 1u << 31, 4}, 12, 0)));
  CHECK(refused(GgufBuilder().start(1, 0).tensor("a", {1}, 0, 32)));  // a hole
  CHECK(refused(GgufBuilder().start(2, 0).tensor("a", {8}, 0, 0).tensor("b", {8}, 0, 0)));
}
