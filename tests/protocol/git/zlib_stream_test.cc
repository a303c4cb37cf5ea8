#include "protocol/git/zlib_stream.h"

#include <catch2/catch.hpp>

#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::git;

namespace {

std::string deflated(std::string_view text) {
  Deflater deflater;
  std::string out;
  deflater.add(as_bytes(text), out);
  deflater.finish(out);
  return out;
}

/// Through an inflater whose input and output come in pieces. @return the text, and what was left
std::pair<std::string, std::size_t> inflated(std::string_view bytes, std::size_t piece) {
  Inflater inflater;
  Bytes block(piece);
  std::string text;
  while (true) {
    const auto input = as_bytes(bytes.substr(0, piece));
    const auto step = inflater.next(input, block);
    REQUIRE(step);
    text += as_text(ByteView(block).first(step->produced_bytes));
    bytes.remove_prefix(step->consumed_bytes);
    if (step->done) return {text, bytes.size()};
    REQUIRE(step->consumed_bytes + step->produced_bytes > 0);
  }
}

}  // namespace

TEST_CASE("zlib_stream: round trip, and the exact end", "[protocol][git]") {
  const auto random = test::split_mix_bytes(7, 300'000);
  const std::string texts[] = {"", "a", std::string(1'000'000, 'z'), std::string(as_text(random))};
  for (const auto& text : texts) {
    for (const std::size_t piece : {1u, 1000u, 2'000'000u}) {
      if (piece == 1 && text.size() > 1000) continue;
      CAPTURE(text.size(), piece);
      const auto [back, left] = inflated(deflated(text) + "tail", piece);
      CHECK(back == text);
      CHECK(left == 4);
    }
  }
}

TEST_CASE("zlib_stream: one deflater makes stream after stream", "[protocol][git]") {
  Deflater deflater;
  std::string out;
  deflater.add(as_bytes("first"), out);
  deflater.finish(out);
  const auto first = out.size();
  deflater.add(as_bytes("sec"), out);
  deflater.add(as_bytes("ond"), out);
  deflater.finish(out);
  CHECK(out.substr(first) == deflated("second"));
  Inflater inflater;
  Bytes block(100);
  const auto one = inflater.next(as_bytes(out), block);
  REQUIRE((one && one->done));
  CHECK(one->consumed_bytes == first);
  inflater.reset();
  const auto two = inflater.next(as_bytes(out).subspan(first), block);
  REQUIRE((two && two->done));
  CHECK(as_text(ByteView(block).first(two->produced_bytes)) == "second");
}

TEST_CASE("zlib_stream: damage is noticed", "[protocol][git]") {
  auto bytes = deflated(std::string(5000, 'x') + "y");
  bytes.back() ^= 1;
  Inflater inflater;
  Bytes block(10'000);
  const auto step = inflater.next(as_bytes(bytes), block);
  REQUIRE_FALSE(step);
  CHECK(step.error().code == Errc::unprocessable);
  CHECK_FALSE(Inflater(ZlibFormat::gzip).next(as_bytes(deflated("x")), block));
}
