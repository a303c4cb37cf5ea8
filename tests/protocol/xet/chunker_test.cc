#include "protocol/xet/chunker.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "protocol/xet/gear_table.h"
#include "tests/vectors/split_mix.h"
#include "tests/vectors/trigger_boundaries.h"

using namespace waag;
using namespace waag::xet;
using waag::test::split_mix_bytes;
using waag::test::SplitMix;

namespace {

using Ends = std::vector<std::size_t>;

/// Cumulative ends of the chunks, fed in pieces of `piece_bytes`.
Ends ends_fed_by(ByteView bytes, std::size_t piece_bytes) {
  Ends ends;
  Chunker chunker;
  std::size_t at = 0;
  while (at < bytes.size()) {
    ByteView piece = bytes.subspan(at, std::min(piece_bytes, bytes.size() - at));
    while (!piece.empty()) {
      const auto step = chunker.next(piece);
      REQUIRE((step.cut || step.used_bytes == piece.size()));
      at += step.used_bytes;
      piece = piece.subspan(step.used_bytes);
      if (step.cut) ends.push_back(at);
    }
  }
  if (chunker.open_bytes() > 0) ends.push_back(at);
  return ends;
}

Ends ends_of(ByteView bytes) {
  Ends ends;
  for (std::size_t at = 0; const auto length : chunk_lengths(bytes)) ends.push_back(at += length);
  return ends;
}

/// The two rules of XET 1.2, literally: no skipping, no unrolling.
Ends ends_by_definition(ByteView bytes) {
  Ends ends;
  std::uint64_t hash = 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    hash = (hash << 1) + gear_table[static_cast<std::uint8_t>(bytes[i])];
    ++size;
    if ((size >= 8192 && (hash & 0xFFFF000000000000) == 0) || size == 131072) {
      ends.push_back(i + 1);
      hash = 0;
      size = 0;
    }
  }
  if (size > 0) ends.push_back(bytes.size());
  return ends;
}

constexpr std::array<std::uint8_t, 128> trigger{
    154, 52,  42,  34,  159, 75,  126, 224, 70,  236, 12,  196, 79,  236, 178, 124, 127, 50,  99,
    178, 44,  176, 174, 126, 250, 235, 205, 174, 252, 122, 35,  10,  20,  101, 214, 69,  193, 8,
    115, 105, 158, 228, 120, 111, 136, 162, 198, 251, 211, 183, 253, 252, 164, 147, 63,  16,  186,
    162, 117, 23,  170, 36,  205, 187, 174, 76,  210, 174, 211, 175, 12,  173, 145, 59,  2,   70,
    222, 181, 159, 227, 182, 156, 189, 51,  226, 106, 24,  50,  183, 157, 140, 10,  8,   23,  212,
    70,  10,  234, 23,  33,  219, 254, 39,  236, 70,  49,  191, 116, 9,   115, 15,  101, 26,  159,
    165, 220, 15,  170, 56,  125, 92,  163, 94,  235, 38,  40,  49,  81};

/// The 128 trigger bytes and `padding` zeros, repeated.
Bytes trigger_bytes(std::size_t padding, std::size_t count) {
  Bytes bytes(count);
  const std::size_t block = trigger.size() + padding;
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = i % block < trigger.size() ? std::byte{trigger[i % block]} : std::byte{0};
  return bytes;
}

}  // namespace

TEST_CASE("chunker: the gear table is the protocol's", "[protocol][xet]") {
  ByteWriter little;
  Bytes big;
  std::uint64_t folded = 0;
  std::uint64_t sum = 0;
  for (const auto entry : gear_table) {
    little.fixed(entry);
    for (int shift = 56; shift >= 0; shift -= 8) big.push_back(std::byte(entry >> shift & 0xff));
    folded ^= entry;
    sum += entry;
  }
  CHECK(sha256(little.bytes()).hex() ==
        "e1d3936666d7ae7a977c958e9afcc75f90aaca758ce5fbe4ece61dffefe1912c");
  CHECK(sha256(big).hex() == "106a7a8d97e7074ea409311b0321f36dba49366cf5ff50ce42af62381ac72bdd");
  CHECK(folded == 0x6aa26c5ca5f6cbfc);
  CHECK(sum == 0xc1acb37ef35c570a);
}

TEST_CASE("chunker: published boundaries", "[protocol][xet]") {
  const Bytes random = split_mix_bytes(0, 1'000'000);
  REQUIRE(random[0] == std::byte{175});
  REQUIRE(random[127] == std::byte{132});
  REQUIRE(random[111111] == std::byte{118});
  CHECK(ends_of(random) == Ends{84493, 134421, 144853, 243318, 271793, 336457, 467529, 494581,
                                582000, 596735, 616815, 653164, 678202, 724510, 815591, 827760,
                                958832, 991092, 1000000});
  CHECK(ends_of(Bytes(1'000'000, std::byte{59})) ==
        Ends{131072, 262144, 393216, 524288, 655360, 786432, 917504, 1000000});
}

TEST_CASE("chunker: cuts around the smallest size", "[protocol][xet]") {
  for (std::size_t padding = 0; padding < 128; ++padding) {
    CAPTURE(padding);
    const Bytes bytes = trigger_bytes(padding, 65536);
    auto expected = test::trigger_boundaries[padding];
    expected.push_back(65536);
    CHECK(ends_of(bytes) == expected);
    CHECK(ends_by_definition(bytes) == expected);
    CHECK(ends_fed_by(bytes, 37) == expected);
  }
}

TEST_CASE("chunker: cuts do not depend on the pieces", "[protocol][xet]") {
  const Bytes bytes = split_mix_bytes(1, 256'000);
  const auto expected = ends_by_definition(bytes);
  CHECK(ends_of(bytes) == expected);
  for (const std::size_t piece :
       {1u, 7u, 8u, 37u, 255u, 8126u, 8127u, 8128u, 8191u, 8192u, 131072u, 256000u}) {
    CAPTURE(piece);
    CHECK(ends_fed_by(bytes, piece) == expected);
  }
  const Bytes flat(300'000, std::byte{59});
  CHECK(ends_fed_by(flat, 1000) == ends_by_definition(flat));
}

TEST_CASE("chunker: random pieces of random streams", "[protocol][xet]") {
  SplitMix random(42);
  for (int round = 0; round < 20; ++round) {
    const Bytes bytes = split_mix_bytes(random.next(), random.below(600'000));
    Ends ends;
    Chunker chunker;
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t left = bytes.size() - at;
      const auto step =
          chunker.next(ByteView(bytes).subspan(at, std::min(left, 1 + random.below(50'000))));
      at += step.used_bytes;
      if (step.cut) ends.push_back(at);
    }
    if (chunker.open_bytes() > 0) ends.push_back(at);
    CAPTURE(round, bytes.size());
    CHECK(ends == ends_by_definition(bytes));
  }
}

TEST_CASE("chunker: edges", "[protocol][xet]") {
  CHECK(chunk_lengths({}).empty());
  CHECK(chunk_lengths(Bytes(1)) == std::vector<std::size_t>{1});
  CHECK(chunk_lengths(Bytes(chunk_bytes_max)) == std::vector<std::size_t>{chunk_bytes_max});
  CHECK(chunk_lengths(Bytes(chunk_bytes_max + 1)) == std::vector<std::size_t>{chunk_bytes_max, 1});
  Chunker chunker;
  const auto none = chunker.next({});
  CHECK(none.used_bytes == 0);
  CHECK_FALSE(none.cut);
  CHECK(chunker.next(Bytes(10)).used_bytes == 10);
  CHECK(chunker.open_bytes() == 10);
  chunker.reset();
  CHECK(chunker.open_bytes() == 0);
}
