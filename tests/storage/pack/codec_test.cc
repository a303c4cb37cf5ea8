#include "storage/pack/codec.h"

#include <catch2/catch.hpp>

#include "tests/storage/pack/pack_support.h"

namespace waag::storage::pack {

using testing::SeededRandom;

TEST_CASE("codec: what is encoded decodes to the same bytes", "[storage][codec]") {
  SeededRandom random(1);
  const auto codec = GENERATE(Codec::lz4, Codec::zstd);
  const std::size_t size = GENERATE(100u, 4096u, 131072u, 3000000u);
  CAPTURE(static_cast<int>(codec), size);
  const auto raw = testing::text_bytes(random, size);
  Bytes out(size);
  Encoder encoder;
  const auto stored = encoder.encode(codec, raw, out);
  REQUIRE(stored > 0);
  REQUIRE(pays(size, stored));
  Bytes back(size);
  REQUIRE(decode(codec, ByteView(out).first(stored), back));
  CHECK(back == raw);
}

TEST_CASE("codec: what does not shrink is left raw", "[storage][codec]") {
  SeededRandom random(2);
  const auto raw = testing::random_bytes(random, 65536);
  Bytes out(raw.size());
  Encoder encoder;
  CHECK(encoder.encode(Codec::lz4, raw, out) == 0);
  CHECK(encoder.encode(Codec::zstd, raw, out) == 0);
  CHECK(encoder.encode(Codec::raw, testing::text_bytes(random, 65536), out) == 0);
  CHECK(encoder.encode(Codec::zstd, {}, out) == 0);
}

TEST_CASE("codec: a wrong length, a cut and an unknown codec are corrupt", "[storage][codec]") {
  SeededRandom random(3);
  const auto codec = GENERATE(Codec::lz4, Codec::zstd);
  const auto raw = testing::text_bytes(random, 20000);
  Bytes out(raw.size());
  Encoder encoder;
  const auto stored = encoder.encode(codec, raw, out);
  REQUIRE(stored > 0);
  const auto encoded = ByteView(out).first(stored);
  Bytes back(raw.size() + 1);
  CHECK(decode(codec, encoded, back).error().code == Errc::corrupt);
  CHECK_FALSE(decode(codec, encoded, std::span(back).first(raw.size() - 1)));
  for (std::size_t size = 0; size < stored; size += 7)
    REQUIRE_FALSE(decode(codec, encoded.first(size), std::span(back).first(raw.size())));
  CHECK_FALSE(decode(Codec{200}, encoded, back));
  CHECK_FALSE(decode(Codec::raw, encoded, back));
}

TEST_CASE("codec: arbitrary bytes never decode past the buffer", "[storage][codec]") {
  SeededRandom random(4);
  for (int round = 0; round < 2000; ++round) {
    const auto noise = testing::random_bytes(random, random.next() % 200);
    Bytes out(random.next() % 500);
    (void)decode(random.next() % 2 == 0 ? Codec::lz4 : Codec::zstd, noise, out);
  }
  SUCCEED("the sanitizers decide");
}

TEST_CASE("codec: the probe tells text, compressible and dense data apart", "[storage][codec]") {
  SeededRandom random(5);
  CHECK(choose_codec(as_bytes("{\"model_type\": \"llama\"}\n")) == Codec::zstd);
  CHECK(choose_codec(as_bytes("Größe, 模型, 🤗: UTF-8\n")) == Codec::zstd);
  CHECK(choose_codec(testing::random_bytes(random, 65536)) == Codec::raw);
  CHECK(choose_codec(Bytes(65536)) == Codec::lz4);
  CHECK(choose_codec({}) == Codec::raw);
}

}  // namespace waag::storage::pack
