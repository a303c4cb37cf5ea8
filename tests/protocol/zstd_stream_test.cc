#include "protocol/zstd_stream.h"

#include <catch2/catch.hpp>
#include <zstd.h>

#include "tests/vectors/split_mix.h"

using namespace waag;

namespace {

std::string encoded(std::string_view text, std::size_t piece = 100'000) {
  ZstdEncoder encoder;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    encoder.add(as_bytes(text.substr(0, piece)), out);
  encoder.finish(out);
  return out;
}

/// Through a decoder whose input and output come in pieces. @return the text, and what was left
std::pair<std::string, std::size_t> decoded(std::string_view bytes, std::size_t piece) {
  ZstdDecoder decoder;
  Bytes block(piece);
  std::string text;
  while (true) {
    const auto step = decoder.next(as_bytes(bytes.substr(0, piece)), block);
    REQUIRE(step);
    text += as_text(ByteView(block).first(step->produced_bytes));
    bytes.remove_prefix(step->consumed_bytes);
    if (step->done) return {text, bytes.size()};
    REQUIRE(step->consumed_bytes + step->produced_bytes > 0);
  }
}

}  // namespace

TEST_CASE("zstd_stream: round trip, and the exact end", "[protocol][zstd]") {
  const auto random = test::split_mix_bytes(7, 300'000);
  const std::string texts[] = {"", "a", std::string(1'000'000, 'z'), std::string(as_text(random))};
  for (const auto& text : texts) {
    for (const std::size_t piece : {1u, 1000u, 2'000'000u}) {
      if (piece == 1 && text.size() > 1000) continue;
      CAPTURE(text.size(), piece);
      const auto [back, left] = decoded(encoded(text) + "tail", piece);
      CHECK(back == text);
      CHECK(left == 4);
    }
  }
}

TEST_CASE("zstd_stream: zstd itself reads it, and what repeats is found", "[protocol][zstd]") {
  const auto random = std::string(as_text(test::split_mix_bytes(7, 200'000)));
  const auto frame = encoded(random + random, 7'000);
  CHECK(frame.size() < random.size() + 2'000);
  std::string back(2 * random.size(), '\0');
  CHECK(ZSTD_decompress(back.data(), back.size(), frame.data(), frame.size()) == back.size());
  CHECK(back == random + random);
}

TEST_CASE("zstd_stream: one encoder makes frame after frame", "[protocol][zstd]") {
  ZstdEncoder encoder;
  std::string out;
  encoder.add(as_bytes("first"), out);
  encoder.finish(out);
  const auto first = out.size();
  encoder.add(as_bytes("sec"), out);
  encoder.add(as_bytes("ond"), out);
  encoder.finish(out);
  CHECK(decoded(out.substr(0, first), 100).first == "first");
  CHECK(decoded(out.substr(first), 100).first == "second");
}

TEST_CASE("zstd_stream: damage", "[protocol][zstd]") {
  auto frame = encoded(std::string(as_text(test::split_mix_bytes(9, 5'000))));
  Bytes block(10'000);
  SECTION("of a byte, which the checksum shows") { frame[frame.size() / 2] ^= 1; }
  SECTION("of the checksum") { frame.back() ^= 1; }
  SECTION("of the magic number") { frame[0] ^= 1; }
  ZstdDecoder decoder;
  const auto step = decoder.next(as_bytes(frame), block);
  REQUIRE_FALSE(step);
  CHECK(step.error().code == Errc::unprocessable);
}

TEST_CASE("zstd_stream: a window that takes too much memory", "[protocol][zstd]") {
  const auto with_window = [](int log) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, log);
    std::string out(100'000, '\0');
    ZSTD_inBuffer in{"text", 4, 0};
    ZSTD_outBuffer made{out.data(), out.size(), 0};
    ZSTD_compressStream2(context, &made, &in, ZSTD_e_flush);
    ZSTD_freeCCtx(context);
    return out.substr(0, made.pos);
  };
  Bytes block(100);
  CHECK(ZstdDecoder().next(as_bytes(with_window(23)), block));
  CHECK_FALSE(ZstdDecoder().next(as_bytes(with_window(24)), block));
}
