#include "storage/ingest.h"

#include <catch2/catch.hpp>

#include "protocol/xet/chunker.h"
#include "protocol/xet/merkle.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"
#include "storage/meta/tensor_map.h"
#include "tests/support/blob_store.h"
#include "tests/vectors/gguf_builder.h"

namespace waag::storage {
namespace {

using testing::BlobStore;

/// What the chunks of `bytes` say: computed apart from Ingest, over the whole.
std::vector<xet::HashedLength> chunks_of(ByteView bytes) {
  std::vector<xet::HashedLength> chunks;
  for (const auto length : xet::chunk_lengths(bytes)) {
    chunks.push_back({xet::chunk_hash(bytes.first(length)), length});
    bytes = bytes.subspan(length);
  }
  return chunks;
}

/// A safetensors file with one BF16 tensor of `count` elements, noise.
Bytes safetensors(BlobStore& store, std::size_t count) {
  const auto bytes = 2 * count;
  const std::string json = R"({"w":{"dtype":"BF16","shape":[)" + std::to_string(count) +
                           R"(],"data_offsets":[0,)" + std::to_string(bytes) + "]}}";
  ByteWriter file;
  file.fixed(std::uint64_t{json.size()});
  file.raw(as_bytes(json));
  file.raw(store.noise(bytes));
  return file.take();
}

}  // namespace

TEST_CASE("ingest: hash, rows and bytes of a blob", "[storage][ingest]") {
  BlobStore store(1);
  REQUIRE(store.open());
  const auto bytes = store.noise(3'000'000);
  const auto blob = store.ingest(bytes, 100'000);
  REQUIRE(blob);
  CHECK(blob->id == sha256(bytes));
  CHECK(blob->size_bytes == bytes.size());
  CHECK(blob->new_bytes == bytes.size());
  CHECK(blob->stored_bytes == bytes.size());
  const auto chunks = chunks_of(bytes);
  CHECK(blob->file_hash == xet::file_hash(chunks));
  const auto manifest = decode_manifest(**store.rows.get(keys::blob(blob->id)));
  REQUIRE(manifest);
  CHECK(manifest->file_hash == blob->file_hash);
  REQUIRE(manifest->terms.size() == 1);
  CHECK(manifest->terms[0].xorb == xet::xorb_hash(chunks));
  CHECK(manifest->terms[0].chunks == chunks.size());
  CHECK(*decode_file_row(**store.rows.get(keys::file(blob->file_hash))) == blob->id);
  const auto xorb = decode_xorb(**store.rows.get(keys::xorb(manifest->terms[0].xorb)));
  REQUIRE(xorb);
  CHECK(xorb->runs.size() == 1);  // groups of one stream follow each other
  CHECK((*store.read(blob->id) == bytes));
  REQUIRE(store.open());
  CHECK((*store.read(blob->id) == bytes));
}

TEST_CASE("ingest: the empty blob", "[storage][ingest]") {
  BlobStore store(2);
  REQUIRE(store.open());
  const auto blob = store.ingest({});
  REQUIRE(blob);
  CHECK(blob->id == sha256({}));
  CHECK(blob->file_hash.is_zero());
  CHECK(store.read(blob->id)->empty());
}

TEST_CASE("ingest: what was promised wrongly is not published", "[storage][ingest]") {
  BlobStore store(3);
  REQUIRE(store.open());
  const auto bytes = store.noise(200'000);
  IngestExpect expect;
  SECTION("size") { expect.size_bytes = bytes.size() + 1; }
  SECTION("hash") { expect.id = sha256(as_bytes("something else")); }
  Transaction extra;
  extra.puts.push_back({"u possession", "1"});
  const auto blob = store.ingest(bytes, 50'000, expect, extra);
  REQUIRE_FALSE(blob);
  CHECK(blob.error().code == Errc::unprocessable);
  std::size_t rows = 0;
  REQUIRE(store.rows.scan("", "", [&](auto, auto) { return ++rows > 0; }));
  CHECK(rows == 0);
  expect = {sha256(bytes), bytes.size()};
  CHECK(store.ingest(bytes, 50'000, expect));
}

TEST_CASE("ingest: a known blob stores nothing and publishes only the extra rows",
          "[storage][ingest]") {
  BlobStore store(4);
  REQUIRE(store.open());
  const auto bytes = store.noise(2'000'000);
  const auto first = store.ingest(bytes);
  REQUIRE(first);
  std::vector<Transaction> seen;
  store.rows.on_apply = [&](const Transaction& transaction) {
    seen.push_back(transaction);
    return ok();
  };
  const auto files = store.fs.files();
  Transaction extra;
  extra.puts.push_back({"u possession", "1"});
  const auto again = store.ingest(bytes, 77'777, {}, extra);
  REQUIRE(again);
  CHECK(again->id == first->id);
  CHECK(again->file_hash == first->file_hash);
  CHECK(again->new_bytes == 0);
  CHECK(again->stored_bytes == 0);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].puts.size() == 1);
  CHECK(seen[0].extents.empty());
  CHECK((store.fs.files() == files));
}

TEST_CASE("ingest: chunk rows appear with the extents that hold them, after the sync",
          "[storage][ingest]") {
  BlobStore store(5);
  store.options.pack_bytes_max = 32u << 20;
  store.options.group_bytes_max = 1u << 20;
  REQUIRE(store.open());
  std::size_t transactions = 0;
  std::size_t manifests = 0;
  store.rows.on_apply = [&](const Transaction& transaction) {
    ++transactions;
    CHECK(manifests == 0);  // the manifest is in the last one
    for (const auto& row : transaction.puts) manifests += row.key[0] == 'b' ? 1 : 0;
    std::size_t records = 0;
    for (const auto& extent : transaction.extents) {
      const auto entries = store.packs->entries(extent);
      REQUIRE(entries);
      for (const auto& entry : *entries) {
        const auto& row = transaction.derived.at(records++);
        REQUIRE(row.key == keys::chunk(ChunkHash{entry.hash}));
        REQUIRE(row.value == encode(entry.at));
      }
    }
    CHECK(records == transaction.derived.size());
    return ok();
  };
  const auto bytes = store.noise(70u << 20);  // more than one xorb
  const auto blob = store.ingest(bytes);
  REQUIRE(blob);
  CHECK(transactions >= 2);
  CHECK(manifests == 1);
  const auto manifest = decode_manifest(**store.rows.get(keys::blob(blob->id)));
  REQUIRE(manifest);
  CHECK(manifest->terms.size() == 2);
  CHECK((*store.read(blob->id) == bytes));
}

TEST_CASE("ingest: repeated content within one file is stored once", "[storage][ingest]") {
  BlobStore store(6);
  REQUIRE(store.open());
  const Bytes zeros(10u << 20);
  const auto blob = store.ingest(zeros);
  REQUIRE(blob);
  CHECK(blob->new_bytes <= 2 * xet::chunk_bytes_max);  // one whole chunk, and the last
  CHECK(blob->stored_bytes < 10'000);
  CHECK((*store.read(blob->id) == zeros));
}

TEST_CASE("ingest: text is compressed", "[storage][ingest]") {
  BlobStore store(7);
  REQUIRE(store.open());
  std::string text;
  while (text.size() < 500'000)
    text += "{\"token\": " + std::to_string(store.random.next()) + "}\n";
  const auto blob = store.ingest(as_bytes(text));
  REQUIRE(blob);
  CHECK(blob->stored_bytes < text.size() * 7 / 10);
  CHECK(as_text(*store.read(blob->id)) == text);
}

TEST_CASE("ingest: chunks of a weight file carry type and phase, and stay raw",
          "[storage][ingest]") {
  BlobStore store(8);
  REQUIRE(store.open());
  const auto bytes = safetensors(store, 500'000);
  const auto blob = store.ingest(bytes, 3000);
  REQUIRE(blob);
  const auto value = *store.rows.get(keys::tensor_map(blob->id));
  REQUIRE(value);
  const auto map = *decode_tensor_map(*value);
  REQUIRE(map.tensors.size() == 1);
  CHECK(map.tensors[0].name == "w");
  CHECK(map.tensors[0].end == bytes.size());
  std::uint64_t begin = 0;
  for (const auto& chunk : chunks_of(bytes)) {
    const auto at = *decode_location(**store.rows.get(keys::chunk(chunk.hash)));
    CHECK(at.dtype == Dtype::bf16);
    CHECK(at.codec == Codec::raw);
    CHECK(at.phase == ((begin + map.tensors[0].begin) % 2));
    begin += chunk.bytes;
  }
}

TEST_CASE("ingest: the chunks behind a header of megabytes carry type and phase too",
          "[storage][ingest]") {
  BlobStore store(12);
  REQUIRE(store.open());
  test::GgufBuilder header;
  header.start(2, 1).text("tokenizer.ggml.tokens").word32(9).word32(8).word64(200'000);
  for (int i = 0; i < 200'000; ++i) header.text("token " + std::to_string(i));
  header.tensor("norm", {100'000}, 0, 0).tensor("output", {1'000'000}, 1, 400'000);
  auto bytes = header.header();
  bytes.resize((bytes.size() + 31) / 32 * 32);
  const auto data = bytes.size();
  CHECK(data > 3'500'000);
  const auto noise = store.noise(2'400'000);
  bytes.insert(bytes.end(), noise.begin(), noise.end());
  const auto blob = store.ingest(bytes, 300'000);
  REQUIRE(blob);
  REQUIRE(*store.rows.get(keys::tensor_map(blob->id)));
  std::uint64_t begin = 0;
  int seen = 0;
  for (const auto& chunk : chunks_of(bytes)) {
    const auto at = *decode_location(**store.rows.get(keys::chunk(chunk.hash)));
    const auto middle = begin + chunk.bytes / 2;
    const auto want = middle < data             ? Dtype::none
                      : middle < data + 400'000 ? Dtype::f32
                                                : Dtype::f16;
    CHECK(at.dtype == want);
    if (want == Dtype::f16) CHECK(at.phase == (begin + data) % 2);
    if (want != Dtype::none) ++seen;
    begin += chunk.bytes;
  }
  CHECK(seen > 20);
}

TEST_CASE("ingest: a malformed weight header is only bytes", "[storage][ingest]") {
  BlobStore store(9);
  REQUIRE(store.open());
  auto bytes = safetensors(store, 50'000);
  SECTION("json") { bytes[8] = std::byte{'['}; }
  SECTION("cut") { bytes.pop_back(); }
  SECTION("more") { bytes.push_back(std::byte{1}); }
  SECTION("GGUF") { std::memcpy(bytes.data(), "GGUF", 4); }
  SECTION("huge") { bytes[4] = std::byte{0x7f}; }
  const auto blob = store.ingest(bytes);
  REQUIRE(blob);
  CHECK_FALSE(*store.rows.get(keys::tensor_map(blob->id)));
  CHECK((*store.read(blob->id) == bytes));
}

TEST_CASE("ingest: after an error nothing more is taken", "[storage][ingest]") {
  BlobStore store(10);
  REQUIRE(store.open());
  const auto into = begin_ingest(store.rows, *store.packs);
  store.fs.set_space(100'000);
  const auto bytes = store.noise(3u << 20);
  const auto written = into->write(bytes);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::no_space);
  store.fs.set_space(1u << 30);
  CHECK_FALSE(into->write(bytes));
  CHECK_FALSE(into->finish({}));
  const auto blob = store.ingest(bytes);
  REQUIRE(blob);
  CHECK_FALSE(into->finish({}));
  CHECK((*store.read(blob->id) == bytes));
}

TEST_CASE("ingest: a sync that fails fails the blob", "[storage][ingest]") {
  BlobStore store(11);
  REQUIRE(store.open());
  REQUIRE(store.ingest(store.noise(1000)));
  const auto bytes = store.noise(100'000);
  store.fs.fail_syncs(1);
  REQUIRE_FALSE(store.ingest(bytes));
  CHECK_FALSE(*store.rows.get(keys::blob(sha256(bytes))));
  REQUIRE(store.ingest(bytes));
  CHECK((*store.read(sha256(bytes)) == bytes));
}

}  // namespace waag::storage
