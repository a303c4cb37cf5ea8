#include "protocol/xet/shard.h"

#include <catch2/catch.hpp>
#include <malloc.h>

#include "protocol/hash.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::test::SplitMix;

namespace {

constexpr std::size_t record_bytes = 48;

template <class Id>
Id random_id(SplitMix& random) {
  Id id;
  for (auto& byte : id.bytes) byte = static_cast<std::byte>(random.next());
  return id;
}

ShardXorb random_xorb(SplitMix& random) {
  ShardXorb xorb{random_id<XorbHash>(random), 0, static_cast<std::uint32_t>(random.below(9)), {}};
  for (auto chunks = 1 + random.below(20); chunks > 0; --chunks) {
    const auto bytes = static_cast<std::uint32_t>(1 + random.below(chunk_bytes_max));
    xorb.chunks.push_back(
        {random_id<ChunkHash>(random), xorb.raw_bytes, bytes, random.below(2) == 1});
    xorb.raw_bytes += bytes;
  }
  return xorb;
}

ShardFile random_file(SplitMix& random) {
  ShardFile file;
  const auto terms = random.below(6);
  const bool proven = random.below(2) == 1;
  if (terms > 0) file.hash = random_id<FileHash>(random);
  for (std::size_t i = 0; i < terms; ++i) {
    const auto begin = static_cast<std::uint32_t>(random.below(xorb_chunks_max - 100));
    const auto chunks = static_cast<std::uint32_t>(1 + random.below(100));
    const auto bytes = static_cast<std::uint32_t>(chunks * (1 + random.below(chunk_bytes_max)));
    file.terms.push_back({random_id<XorbHash>(random), bytes, begin, begin + chunks});
    if (proven) file.range_hashes.push_back(random_id<ChunkHash>(random));
  }
  if (random.below(2) == 1) file.sha256 = random_id<BlobId>(random);
  return file;
}

Shard random_shard(SplitMix& random) {
  Shard shard;
  for (auto files = random.below(5); files > 0; --files) shard.files.push_back(random_file(random));
  for (auto xorbs = random.below(4); xorbs > 0; --xorbs) shard.xorbs.push_back(random_xorb(random));
  return shard;
}

/// One file of one term with a proof and a SHA-256, one xorb of two chunks. Records: 0 header, 1
/// file, 2 term, 3 range hash, 4 SHA-256, 5 bookend, 6 xorb, 7 and 8 chunks, 9 bookend.
Shard sample_shard() {
  SplitMix random(7);
  Shard shard;
  shard.files.push_back({random_id<FileHash>(random),
                         {{random_id<XorbHash>(random), 3000, 1, 3}},
                         {random_id<ChunkHash>(random)},
                         random_id<BlobId>(random)});
  shard.xorbs.push_back({random_id<XorbHash>(random),
                         300,
                         316,
                         {{random_id<ChunkHash>(random), 0, 100, true},
                          {random_id<ChunkHash>(random), 100, 200, false}}});
  return shard;
}

void put_u32(Bytes& bytes, std::size_t offset, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[offset + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

std::uint64_t word_at(const Bytes& bytes, std::size_t offset) {
  return ByteReader(ByteView(bytes).subspan(offset, 8)).fixed<std::uint64_t>();
}

/// The sample with a word of a record's fields (0 to 3) replaced.
Bytes changed(std::size_t record, std::size_t field, std::uint32_t value) {
  Bytes bytes = serialize_shard(sample_shard(), false);
  put_u32(bytes, record * record_bytes + 32 + 4 * field, value);
  return bytes;
}

/// Of the heap; always 0 under ASan, which has an allocator of its own.
std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

Errc refusal(ByteView bytes) {
  const auto shard = parse_shard(bytes);
  REQUIRE_FALSE(shard);
  return shard.error().code;
}

/// Fed in random pieces.
Result<Shard> parse_pieces(ByteView whole, SplitMix& random, std::size_t piece_max) {
  Shard shard;
  ShardSink sink;
  sink.file = [&](ShardFile&& file) {
    shard.files.push_back(std::move(file));
    return ok();
  };
  sink.xorb = [&](ShardXorb&& xorb) {
    shard.xorbs.push_back(std::move(xorb));
    return ok();
  };
  ShardParser parser;
  while (!whole.empty()) {
    const auto piece = std::min<std::size_t>(random.below(piece_max + 1), whole.size());
    WAAG_CHECK(parser.feed(whole.first(piece), sink));
    whole = whole.subspan(piece);
  }
  WAAG_CHECK(parser.finish());
  return shard;
}

}  // namespace

TEST_CASE("shard: what is written reads back, however it is split", "[protocol][xet][shard]") {
  SplitMix random(1);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const Shard shard = random_shard(random);
    for (const bool with_footer : {false, true}) {
      const Bytes bytes = serialize_shard(shard, with_footer);
      const auto whole = parse_shard(bytes);
      REQUIRE(whole);
      CHECK(*whole == shard);
      for (const std::size_t piece_max : {1u, 47u, 48u, 49u, 1000u}) {
        const auto pieces = parse_pieces(bytes, random, piece_max);
        REQUIRE(pieces);
        CHECK(*pieces == shard);
      }
    }
  }
}

TEST_CASE("shard: the bytes of a header and a bookend", "[protocol][xet][shard]") {
  const Bytes bytes = serialize_shard({}, false);
  REQUIRE(bytes.size() == 3 * record_bytes);
  CHECK(as_text(ByteView(bytes).first(14)) == "HFRepoMetaData");
  CHECK(to_hex(ByteView(bytes).subspan(14, 18)) == "00556967456a7b815783a5bdd95ccdd14aa9");
  CHECK(word_at(bytes, 32) == 2);
  CHECK(word_at(bytes, 40) == 0);
  const std::string bookend = std::string(64, 'f') + std::string(32, '0');
  CHECK(to_hex(ByteView(bytes).subspan(48, 48)) == bookend);
  CHECK(to_hex(ByteView(bytes).subspan(96, 48)) == bookend);
}

TEST_CASE("shard: a SHA-256 is stored with its words reversed", "[protocol][xet][shard]") {
  Shard shard = sample_shard();
  BlobId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::byte>(i);
  shard.files[0].sha256 = id;
  const Bytes bytes = serialize_shard(shard, false);
  CHECK(to_hex(ByteView(bytes).subspan(4 * record_bytes, 32)) ==
        "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918");
  CHECK(parse_shard(bytes)->files[0].sha256 == id);
  // The rule of the text form applied to the stored bytes gives the ordinary hex.
  const auto stored = ChunkHash::from(ByteView(bytes).subspan(4 * record_bytes, 32));
  CHECK(xet_string(*stored) == id.hex());
}

TEST_CASE("shard: a dedup answer, field by field", "[protocol][xet][shard]") {
  SplitMix random(3);
  const std::vector<ShardXorb> xorbs{random_xorb(random), random_xorb(random)};
  Key key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(200 + i);
  const Bytes bytes = serialize_dedup_shard(xorbs, key, 1'700'000'000, 1'700'086'400);

  const std::size_t records = 3 + 2 + xorbs[0].chunks.size() + xorbs[1].chunks.size();
  const std::size_t footer = records * record_bytes;
  REQUIRE(bytes.size() == footer + 200);
  CHECK(word_at(bytes, 40) == 200);
  CHECK(word_at(bytes, footer) == 1);
  CHECK(word_at(bytes, footer + 8) == 48);
  CHECK(word_at(bytes, footer + 16) == 96);
  for (const std::size_t table : {24u, 40u, 56u}) {
    CHECK(word_at(bytes, footer + table) == footer);
    CHECK(word_at(bytes, footer + table + 8) == 0);
  }
  CHECK(to_hex(ByteView(bytes).subspan(footer + 72, 32)) == to_hex(std::as_bytes(std::span(key))));
  CHECK(word_at(bytes, footer + 104) == 1'700'000'000);
  CHECK(word_at(bytes, footer + 112) == 1'700'086'400);
  CHECK(to_hex(ByteView(bytes).subspan(footer + 120, 48)) == std::string(96, '0'));
  CHECK(word_at(bytes, footer + 168) == xorbs[0].stored_bytes + xorbs[1].stored_bytes);
  CHECK(word_at(bytes, footer + 176) == 0);
  CHECK(word_at(bytes, footer + 184) == xorbs[0].raw_bytes + xorbs[1].raw_bytes);
  CHECK(word_at(bytes, footer + 192) == footer);

  const auto shard = parse_shard(bytes);
  REQUIRE(shard);
  CHECK(shard->files.empty());
  std::vector<ShardXorb> expected = xorbs;
  for (auto& xorb : expected)
    for (auto& chunk : xorb.chunks) chunk.hash = keyed_hash(chunk.hash, key);
  CHECK(shard->xorbs == expected);
  // A zero key in the footer says that the hashes are plain.
  CHECK(parse_shard(serialize_dedup_shard(xorbs, {}, 0, 1))->xorbs == xorbs);
}

TEST_CASE("shard: the footer of an upload", "[protocol][xet][shard]") {
  const Bytes bytes = serialize_shard(sample_shard(), true);
  const std::size_t footer = 10 * record_bytes;
  REQUIRE(bytes.size() == footer + 200);
  CHECK(word_at(bytes, footer + 16) == 6 * record_bytes);
  CHECK(word_at(bytes, footer + 168) == 316);
  CHECK(word_at(bytes, footer + 176) == 3000);
  CHECK(word_at(bytes, footer + 184) == 300);
}

TEST_CASE("shard: cut short", "[protocol][xet][shard]") {
  const Bytes bytes = serialize_shard(sample_shard(), false);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(refusal(ByteView(bytes).first(size)) == Errc::unprocessable);
  // Behind the second bookend anything may stand.
  Bytes longer = bytes;
  longer.resize(bytes.size() + 77, std::byte{0x5a});
  CHECK(*parse_shard(longer) == sample_shard());
}

TEST_CASE("shard: what is refused", "[protocol][xet][shard]") {
  const Bytes good = serialize_shard(sample_shard(), false);
  for (std::size_t i = 0; i < record_bytes; ++i) {
    Bytes bytes = good;
    bytes[i] ^= std::byte{1};
    CAPTURE(i);
    CHECK(refusal(bytes) == Errc::unprocessable);
  }
  struct Row {
    std::size_t record, field;
    std::uint32_t value;
  };
  const auto row = GENERATE(
      Row{1, 1, 0},                                                        // no terms, but a name
      Row{2, 2, 3}, Row{2, 2, 4}, Row{2, 3, 0},                            // begin >= end
      Row{2, 3, 8193},                                                     // beyond any xorb
      Row{2, 1, 0}, Row{2, 1, 1}, Row{2, 1, 2 * chunk_bytes_max + 1},      // lengths for two chunks
      Row{6, 1, 0}, Row{6, 1, 8193}, Row{6, 1, 1}, Row{6, 1, 0xffffffff},  // numbers of chunks
      Row{6, 2, 299}, Row{6, 2, (64u << 20) + 1},                          // total raw bytes
      Row{7, 0, 1}, Row{8, 0, 99}, Row{8, 0, 101},                         // not cumulative
      Row{7, 1, 0}, Row{8, 1, 0}, Row{8, 1, 201}, Row{8, 1, chunk_bytes_max + 1});
  CAPTURE(row.record, row.field, row.value);
  CHECK(refusal(changed(row.record, row.field, row.value)) == Errc::unprocessable);
}

TEST_CASE("shard: what is ignored", "[protocol][xet][shard]") {
  const auto row = GENERATE(std::pair{1, 2}, std::pair{1, 3}, std::pair{2, 0}, std::pair{3, 0},
                            std::pair{4, 3}, std::pair{5, 1}, std::pair{6, 0}, std::pair{7, 3});
  const auto shard = parse_shard(
      changed(static_cast<std::size_t>(row.first), static_cast<std::size_t>(row.second), 0x1234));
  REQUIRE(shard);
  CHECK(*shard == sample_shard());
}

TEST_CASE("shard: the empty file", "[protocol][xet][shard]") {
  Shard shard;
  shard.files.push_back({});
  shard.files.push_back({{}, {}, {}, sha256({})});
  CHECK(*parse_shard(serialize_shard(shard, false)) == shard);
  // It may say that range hashes follow: there are none.
  Bytes bytes = serialize_shard(shard, false);
  put_u32(bytes, record_bytes + 32, 0x80000000);
  CHECK(*parse_shard(bytes) == shard);
  // Terms under its name are refused.
  shard = sample_shard();
  shard.files[0].hash = {};
  CHECK(refusal(serialize_shard(shard, false)) == Errc::unprocessable);
}

TEST_CASE("shard: a count is no reason to allocate", "[protocol][xet][shard]") {
  // 2 x (2^32 - 1) + 1 records would not even count in 32 bits.
  for (const std::uint32_t flags : {0u, 0x80000000u, 0xC0000000u}) {
    Bytes bytes = changed(1, 1, 0xffffffff);
    put_u32(bytes, record_bytes + 32, flags);
    CHECK(refusal(bytes) == Errc::too_large);
  }
  // What just fits under the cap is believed only as far as it comes.
  const auto fits = static_cast<std::uint32_t>(shard_bytes_max / record_bytes - 2);
  Bytes bytes = changed(1, 0, 0);
  put_u32(bytes, record_bytes + 36, fits);
  bytes.resize(3 * record_bytes);
  ShardParser parser;
  const auto before_bytes = allocated_bytes();
  REQUIRE(parser.feed(bytes, {}));
  CHECK(allocated_bytes() - before_bytes < 4096);
  CHECK_FALSE(parser.finish());
  put_u32(bytes, record_bytes + 36, fits + 1);
  CHECK(refusal(bytes) == Errc::too_large);
}

TEST_CASE("shard: no longer than the cap, also behind the end", "[protocol][xet][shard]") {
  const Bytes bytes = serialize_shard({}, false);
  const Bytes block(1 << 20);
  ShardParser parser;
  REQUIRE(parser.feed(bytes, {}));
  for (std::size_t fed = bytes.size(); fed + block.size() <= shard_bytes_max; fed += block.size())
    REQUIRE(parser.feed(block, {}));
  CHECK(parser.finish());
  const auto status = parser.feed(block, {});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::too_large);
}

TEST_CASE("shard: the sink may end the walk", "[protocol][xet][shard]") {
  const Bytes bytes = serialize_shard(sample_shard(), false);
  const auto full = [](auto&&) { return Status(fail(Errc::no_space, "full")); };
  ShardSink files, xorbs;
  files.file = full;
  xorbs.xorb = full;
  for (const auto& sink : {files, xorbs}) {
    ShardParser parser;
    const auto status = parser.feed(bytes, sink);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::no_space);
  }
}
