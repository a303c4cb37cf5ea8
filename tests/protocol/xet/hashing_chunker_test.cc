#include "protocol/xet/hashing_chunker.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "protocol/xet/sha_gear.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::test::split_mix_bytes;
using waag::test::SplitMix;

namespace {

struct Result {
  std::vector<std::size_t> ends;  // of the chunks in the stream, the last one's too
  BlobId sha256;
  bool operator==(const Result&) const = default;
};

/// What the two do one after the other.
Result apart(ByteView bytes) {
  Result result;
  for (std::size_t at = 0; const auto length : chunk_lengths(bytes))
    result.ends.push_back(at += length);
  result.sha256 = sha256(bytes);
  return result;
}

/// Feeds pieces whose sizes `next_bytes` draws.
template <class NextBytes>
Result together(HashingChunker::Way way, ByteView bytes, NextBytes next_bytes) {
  HashingChunker chunker(way);
  Result result;
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto piece = bytes.subspan(at, std::min<std::size_t>(next_bytes(), bytes.size() - at));
    cuts.clear();
    chunker.update(piece, cuts);
    CHECK(std::is_sorted(cuts.begin(), cuts.end()));
    for (const auto cut : cuts) result.ends.push_back(at + cut);
    at += piece.size();
  }
  const auto last = result.ends.empty() ? 0 : result.ends.back();
  CHECK(chunker.open_bytes() == bytes.size() - last);
  if (chunker.open_bytes() > 0) result.ends.push_back(bytes.size());
  result.sha256 = chunker.finish();
  return result;
}

void check(ByteView bytes, std::uint64_t seed) {
  const auto expected = apart(bytes);
  for (const auto way : {HashingChunker::Way::fastest, HashingChunker::Way::portable}) {
    CAPTURE(static_cast<int>(way), bytes.size(), seed);
    CHECK(together(way, bytes, [&] { return std::max<std::size_t>(bytes.size(), 1); }) == expected);
    SplitMix random(seed);
    for (const std::size_t largest : {3u, 64u, 130u, 9'000u, 300'000u}) {
      if (bytes.size() / largest > 100'000) continue;
      CHECK(together(way, bytes, [&] { return 1 + random.next() % largest; }) == expected);
    }
  }
}

}  // namespace

TEST_CASE("hashing_chunker: the same SHA-256 and cuts as one after the other",
          "[hashing_chunker]") {
  const auto bytes = split_mix_bytes(7, 2'000'003);
  check(bytes, 1);
  check(ByteView(bytes).first(1 << 20), 2);
}

TEST_CASE("hashing_chunker: every length around a block's and a padding's edges",
          "[hashing_chunker]") {
  const auto bytes = split_mix_bytes(8, 400);
  for (std::size_t length = 0; length <= bytes.size(); ++length)
    check(ByteView(bytes).first(length), length);
}

TEST_CASE("hashing_chunker: chunks of the largest and smallest size", "[hashing_chunker]") {
  check(Bytes(1'000'000, std::byte{0}), 3);  // no cut ever: the largest
  for (const auto length : {chunk_bytes_skipped, chunk_bytes_min - 1, chunk_bytes_min,
                            chunk_bytes_max - 1, chunk_bytes_max, chunk_bytes_max + 1})
    for (std::size_t shift = 0; shift < 3; ++shift)
      check(split_mix_bytes(length, length + shift), length);
}

TEST_CASE("hashing_chunker: a cut at every place within a block", "[hashing_chunker]") {
  // A stretch that ends in a cut, moved byte by byte against the blocks of SHA-256.
  const auto source = split_mix_bytes(9, 400'000);
  const auto ends = apart(source).ends;
  REQUIRE(ends.size() > 3);
  for (std::size_t shift = 0; shift < 130; ++shift) {
    auto moved = split_mix_bytes(1000 + shift, shift);
    moved.insert(moved.end(), source.begin(), source.end());
    const auto expected = apart(moved);
    CAPTURE(shift);
    CHECK(together(HashingChunker::Way::fastest, moved, [] { return 1u << 16; }) == expected);
  }
}

TEST_CASE("hashing_chunker: compressing a block by hand gives the digest of FIPS 180-4",
          "[hashing_chunker]") {
  if (!sha_gear::available()) return;
  std::array<std::byte, 64> block{};
  block[0] = std::byte{'a'}, block[1] = std::byte{'b'}, block[2] = std::byte{'c'};
  block[3] = std::byte{0x80};
  block[63] = std::byte{24};
  auto state = sha_gear::initial_state;
  sha_gear::compress(state, block);
  CHECK(state == sha_gear::State{0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3,
                                 0x96177a9c, 0xb410ff61, 0xf20015ad});
}
