#include "protocol/xet/merkle.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "protocol/xet/chunker.h"
#include "tests/vectors/merkle_lists.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;

namespace {

ChunkHash from_text(std::string_view text) {
  const auto hash = parse_xet_string<ChunkHash>(text);
  REQUIRE(hash);
  return *hash;
}

Key key_from_text(std::string_view text) {
  const auto hash = from_text(text);
  Key key{};
  std::memcpy(key.data(), hash.bytes.data(), key.size());
  return key;
}

std::vector<HashedLength> chunks_of(ByteView bytes) {
  std::vector<HashedLength> chunks;
  for (std::size_t at = 0; const auto length : chunk_lengths(bytes)) {
    chunks.push_back({chunk_hash(bytes.subspan(at, length)), length});
    at += length;
  }
  return chunks;
}

std::vector<ChunkHash> hashes_of(const std::vector<HashedLength>& chunks) {
  std::vector<ChunkHash> hashes;
  for (const auto& chunk : chunks) hashes.push_back(chunk.hash);
  return hashes;
}

constexpr std::array<std::string_view, 8> leaf_texts{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6",
    "c3e67584b5c4fc2a89837ec39e40f2c8a6bb0b2987ac94cd4b31e5fbdd210a72",
    "0d2beb91b9196929a5ddec9f6e306924ddf4a24268e3e59fd8464738d525af37",
    "adf8773496a9b7319b2e50dc98093f344053b17d8ad37100b9c07d9805988784",
    "4ac202caf347fc1e9c874b1ef6a1c5e619141eb775a6f43f0f0124ccd0060d9e",
    "b3b28636f65c149ea52eb1f94669466f70f033b54cea792824c696ba6ef3c389",
    "0e2c1a002aae913d2c0fc8ddfa4e9e14b7b311b3b0d458726d5d9f6a6318013c"};

/// XET 2.3 read literally over a whole list, level by level.
HashedLength root_by_definition(std::vector<HashedLength> nodes) {
  if (nodes.empty()) return {};
  while (nodes.size() > 1) {
    std::vector<HashedLength> above;
    for (std::size_t at = 0; at < nodes.size();) {
      const std::size_t rem = nodes.size() - at;
      std::size_t take = std::min<std::size_t>(9, rem);
      for (std::size_t i = 2; i < take; ++i)
        if (hash_word(nodes[at + i].hash.view(), 3) % 4 == 0) take = i + 1;
      std::string text;
      HashedLength node;
      for (std::size_t i = at; i < at + take; ++i) {
        text += xet_string(nodes[i].hash) + " : " + std::to_string(nodes[i].bytes) + "\n";
        node.bytes += nodes[i].bytes;
      }
      node.hash = {blake3_keyed(internal_node_key, as_bytes(text))};
      above.push_back(node);
      at += take;
    }
    nodes = std::move(above);
  }
  return nodes.front();
}

}  // namespace

TEST_CASE("merkle: text form swaps bytes within words", "[protocol][xet]") {
  ChunkHash hash;
  for (std::size_t i = 0; i < 32; ++i) hash.bytes[i] = std::byte(i);
  const std::string text = "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918";
  CHECK(xet_string(hash) == text);
  CHECK(from_text(text) == hash);
  CHECK(hash_word(hash.view(), 0) == 0x0706050403020100);
  CHECK(hash_word(hash.view(), 3) == 0x1f1e1d1c1b1a1918);
  CHECK_FALSE(parse_xet_string<FileHash>(text.substr(2)));
  CHECK_FALSE(parse_xet_string<FileHash>(text.substr(0, 62) + "0g"));
  CHECK_FALSE(parse_xet_string<FileHash>(""));
}

TEST_CASE("merkle: chunk hashes", "[protocol][xet]") {
  CHECK(xet_string(chunk_hash(as_bytes("hello world"))) ==
        "4e39378b9d359f118190557a1f44130219a54e5fcfa07bd96cf50b466fe651b1");
  CHECK(chunk_hash(as_bytes("hello world")).hex() ==
        "119f359d8b37394e0213441f7a559081d97ba0cf5f4ea519b151e66f460bf56c");
  CHECK(xet_string(chunk_hash(as_bytes("\x01\x02\x03\x04"))) ==
        "94286f9652f0519d034bb1731c332ac854ed2426305bd77ff0e9b8e7f10ad057");
}

TEST_CASE("merkle: keyed hash and range hash", "[protocol][xet]") {
  const auto first = from_text("118bbac5c38b2bca9c2b7ae8307786de066696b91b2b5ccb7dbbd4608c966882");
  const auto second = from_text("7884d4de4bcc904767362a91e97eb6c2b6bc5f3a61b640d0cad8bb1129ff0827");
  const auto key =
      key_from_text("abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
  CHECK(xet_string(keyed_hash(first, key)) ==
        "1e1f5ae2bae99fe030647a14a8c5fe6cdce57826387a7552236dfbebed533e04");
  CHECK(xet_string(range_hash(std::vector{first, second})) ==
        "82d580dd3896919ef870af78b2c7bd21e67e79777922bbc8cef1fc21630c308c");
}

TEST_CASE("merkle: small lists", "[protocol][xet]") {
  CHECK(xorb_hash({}).is_zero());
  CHECK(file_hash({}).is_zero());
  CHECK(xet_string(file_hash(std::vector{HashedLength{}})) ==
        "638a6bc391964a85939d48f008e8bdbae6a7975e7ca2d87a3ce2492f4e4d8a4c");
  const std::vector one{HashedLength{from_text(leaf_texts[1]), 100}};
  CHECK(xet_string(xorb_hash(one)) == leaf_texts[1]);
  CHECK(xet_string(file_hash(one)) ==
        "8e16257caa3fe079d484d872a8975264b2ff683b0d6db9028cc7c0f968a45661");
  const auto four = chunks_of(as_bytes("\x01\x02\x03\x04"));
  CHECK(xet_string(file_hash(four)) ==
        "55a9853600fd32f760291f4b56c87c7b43f6359c6e4087c05658f6d486c426f3");
}

TEST_CASE("merkle: sixteen leaves, with and without salt", "[protocol][xet]") {
  std::vector<HashedLength> leaves;
  for (std::size_t i = 0; i < 16; ++i)
    leaves.push_back({from_text(leaf_texts[i / 2]), 100 * (i / 2)});
  CHECK(xet_string(xorb_hash(leaves)) ==
        "636c65db520ec16e8166f9ec7a0cf9f74b26369077ac60160ec0221c86bc9f77");
  CHECK(xet_string(file_hash(leaves)) ==
        "6a90ad0d6f5246ac61f1de898c6944c03e14004a1368e6fb23387108c4d039e0");
  const auto salt =
      key_from_text("9cf26338dd0a43d6b8ae238d197a558db083f42918b6abebe9c6008a982459fe");
  CHECK(xet_string(file_hash(leaves, salt)) ==
        "7f14769cb2a682654aa7aa6b08845643b6973adb313b975fd319d34456bb9159");
}

TEST_CASE("merkle: whole streams", "[protocol][xet]") {
  const auto chunks = chunks_of(test::split_mix_bytes(0, 1'000'000));
  REQUIRE(chunks.size() == 19);
  CHECK(xet_string(chunks[0].hash) ==
        "6eca1e7dadaf08cca5d82d318c800f07c2ddcec115a7e8627e5edd9605b94b8d");
  CHECK(xet_string(xorb_hash(chunks)) ==
        "6f2ce16ca5e317f0100ff0e7e5bf40a0de9032e9ee1ad04b6b8ff4e36cdfbf6c");
  CHECK(xet_string(file_hash(chunks)) ==
        "3d17b2d7d64a0e011b6717a52d9a16bd2c3f05b743fa8adf52a7d75dafab6d89");
  CHECK(xet_string(range_hash(hashes_of(chunks))) ==
        "6daf15a7ed258b91f607e8f5e6723a8564292d12c8104c156f7bad9c255a0180");

  Bytes sevens(200'000);
  for (std::size_t i = 0; i < sevens.size(); ++i) sevens[i] = std::byte((7 * i + 13) & 255);
  CHECK(chunks_of(sevens).size() == 2);
  CHECK(xet_string(xorb_hash(chunks_of(sevens))) ==
        "f0755d96ee199d4f01e83da9fe2c38353de7fd38fb79a320a7d50be510026f74");
  CHECK(xet_string(file_hash(chunks_of(sevens))) ==
        "d88d9e0b760f32c90b7c6592b4cb85251c01bb797371e3c637087b96ac578723");

  Bytes thirteens(1'000'000);
  for (std::size_t i = 0; i < thirteens.size(); ++i) thirteens[i] = std::byte((13 * i + 37) & 255);
  CHECK(chunks_of(thirteens).size() == 8);
  CHECK(xet_string(xorb_hash(chunks_of(thirteens))) ==
        "7be289d851485c40dcde52dbcf37a7823a5ef0bfcdf1ca1c5a32ad9594c71571");
  CHECK(xet_string(file_hash(chunks_of(thirteens))) ==
        "041a50f3639f4a080a89237025d643e2a3e22935ca5d7dbc1a38f5c1e859f859");
}

TEST_CASE("merkle: the streaming builder follows the definition", "[protocol][xet]") {
  test::SplitMix random(7);
  std::vector<HashedLength> leaves;
  for (std::size_t count = 0; count <= 2'000; count += count < 120 ? 1 : 97) {
    while (leaves.size() < count) {
      HashedLength leaf{{}, random.below(131'073)};
      for (auto& byte : leaf.hash.bytes) byte = std::byte(random.below(256));
      leaves.push_back(leaf);
    }
    CAPTURE(count);
    MerkleBuilder builder;
    for (const auto& leaf : leaves) builder.add(leaf);
    CHECK(builder.finish() == root_by_definition(leaves));
  }
}

TEST_CASE("merkle: the reference's lists", "[protocol][xet]") {
  std::istringstream lines{std::string(test::merkle_lists)};
  std::vector<HashedLength> leaves;
  Key salt{};
  std::size_t lists = 0;
  std::size_t files = 0;
  for (std::string kind, hash; lines >> kind >> hash;) {
    CAPTURE(lists, kind, hash);
    if (kind == "leaf") {
      if (files > 0) leaves.clear();
      files = 0;
      HashedLength leaf{from_text(hash), 0};
      REQUIRE(lines >> leaf.bytes);
      leaves.push_back(leaf);
    } else if (kind == "root") {
      if (files > 0) leaves.clear();
      files = 0;
      ++lists;
      CHECK(xet_string(xorb_hash(leaves)) == hash);
    } else if (kind == "salt") {
      salt = key_from_text(hash);
    } else {
      REQUIRE(kind == "file");
      ++files;
      CHECK(xet_string(file_hash(leaves, salt)) == hash);
    }
  }
  CHECK(lists == 18);
}
