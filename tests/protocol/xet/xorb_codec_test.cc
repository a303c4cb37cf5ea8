#include "protocol/xet/xorb_codec.h"

#include <catch2/catch.hpp>
#include <lz4frame.h>

#include "protocol/xet/xorb.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::test::split_mix_bytes;

namespace {

Bytes from_text(std::string_view text) {
  const auto view = as_bytes(text);
  return {view.begin(), view.end()};
}

Bytes decoded(ByteView frame, std::size_t size) {
  Bytes out(size);
  REQUIRE(Lz4FrameDecoder().decode(frame, out));
  return out;
}

Bytes joined(ByteView grouped) {
  Bytes raw(grouped.size());
  bg4_join(grouped, raw);
  return raw;
}

bool refused(ByteView frame, std::size_t size) {
  Bytes out(size);
  const auto status = Lz4FrameDecoder().decode(frame, out);
  return !status && status.error().code == Errc::unprocessable;
}

}  // namespace

TEST_CASE("xorb_codec: byte groups", "[protocol][xet][xorb]") {
  CHECK(bg4_split(from_text("abcdabcdabc")) == from_text("aaabbbcccdd"));
  CHECK(joined(from_text("aaabbbcccdd")) == from_text("abcdabcdabc"));
  for (std::size_t size = 0; size < 40; ++size) {
    const Bytes raw = split_mix_bytes(size, size);
    CHECK(joined(bg4_split(raw)) == raw);
  }
}

TEST_CASE("xorb_codec: frames of every kind are read", "[protocol][xet][xorb]") {
  Bytes raw = split_mix_bytes(3, 131'072);
  for (std::size_t i = 0; i < raw.size(); i += 3) raw[i] = std::byte{0};
  CHECK(decoded(lz4_frame_encode(raw), raw.size()) == raw);
  for (const auto block : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB, LZ4F_max4MB}) {
    for (const auto mode : {LZ4F_blockLinked, LZ4F_blockIndependent}) {
      LZ4F_preferences_t preferences{};
      preferences.frameInfo.blockSizeID = block;
      preferences.frameInfo.blockMode = mode;
      preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
      preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
      Bytes frame(LZ4F_compressFrameBound(raw.size(), &preferences));
      frame.resize(
          LZ4F_compressFrame(frame.data(), frame.size(), raw.data(), raw.size(), &preferences));
      CHECK(decoded(frame, raw.size()) == raw);
      frame[frame.size() / 2] ^= std::byte{1};
      CHECK(refused(frame, raw.size()));
    }
  }
}

TEST_CASE("xorb_codec: frames that are refused", "[protocol][xet][xorb]") {
  const Bytes raw(50'000, std::byte{1});
  const Bytes frame = lz4_frame_encode(raw);
  CHECK(refused(frame, raw.size() - 1));
  CHECK(refused(frame, raw.size() + 1));
  CHECK(refused({}, 1));
  CHECK(refused(from_text("not a frame at all"), 10));
  for (std::size_t size = 0; size < frame.size(); ++size)
    CHECK(refused(ByteView(frame).first(size), raw.size()));
  Bytes longer = frame;
  longer.push_back(std::byte{0});
  CHECK(refused(longer, raw.size()));
  longer = frame;
  longer.insert(longer.end(), frame.begin(), frame.end());  // a second frame
  CHECK(refused(longer, raw.size()));
  CHECK(refused(longer, 2 * raw.size()));
}

TEST_CASE("xorb_codec: a decoder goes on after a frame that it refused", "[protocol][xet][xorb]") {
  const Bytes raw(50'000, std::byte{1});
  const Bytes frame = lz4_frame_encode(raw);
  Lz4FrameDecoder decoder;
  Bytes out(raw.size());
  for (std::size_t size = 0; size < frame.size(); ++size) {
    CHECK_FALSE(decoder.decode(ByteView(frame).first(size), out));
    out.assign(raw.size(), std::byte{0});
    REQUIRE(decoder.decode(frame, out));
    REQUIRE(out == raw);
  }
}

TEST_CASE("xorb_codec: the choice of a scheme", "[protocol][xet][xorb]") {
  CHECK(choose_scheme(split_mix_bytes(1, 65'536)) == Scheme::lz4);
  CHECK(choose_scheme(Bytes(65'536, std::byte{9})) == Scheme::lz4);
  Bytes weights = split_mix_bytes(2, 65'536);
  for (std::size_t i = 3; i < weights.size(); i += 4) weights[i] = std::byte{0x3F};
  CHECK(choose_scheme(weights) == Scheme::bg4_lz4);
  CHECK(choose_scheme({}) == Scheme::lz4);
  CHECK(choose_scheme(Bytes(1)) == Scheme::lz4);
}
