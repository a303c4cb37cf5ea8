#include "storage/xet/dedup_answer.h"

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "tests/support/xet/store.h"

namespace waag::storage {
namespace {

using testing::XetPacker;
using testing::XetStore;

BlobManifest manifest_of(const XetStore& store, const BlobId& id) {
  return *decode_manifest(**store.rows.get(keys::blob(id)));
}

}  // namespace

TEST_CASE("dedup answer: the blob's xorbs from the chunk's on, as the client sent them",
          "[storage][xet]") {
  XetStore store(1);
  REQUIRE(store.open());
  const auto file = store.noise(8'000'000);
  XetPacker packer(5);
  packer.add(file);
  const auto upload = packer.take();
  REQUIRE(upload.xorbs.size() > 20);
  REQUIRE(store.send(upload));
  const auto manifest = manifest_of(store, sha256(file));
  const auto& sent = upload.shard.xorbs;
  const auto answer = xorbs_for_answer(store.rows, manifest, sent[3].chunks[2].hash);
  REQUIRE(answer);
  REQUIRE(answer->size() == answer_xorbs_max);
  for (std::size_t i = 0; i < answer->size(); ++i) CHECK((*answer)[i] == sent[3 + i]);
}

TEST_CASE("dedup answer: chunks of other files in the same xorb are not told", "[storage][xet]") {
  XetStore store(2);
  REQUIRE(store.open());
  const auto secret = store.noise(500'000);
  const auto open = store.noise(500'000);
  const auto more = store.noise(300'000);
  XetPacker packer;
  for (const auto& file : {secret, open, more}) packer.add(file);
  const auto upload = packer.take();
  REQUIRE(upload.xorbs.size() == 1);
  REQUIRE(store.send(upload));
  const auto& sent = upload.shard.xorbs[0].chunks;
  const auto& term = upload.shard.files[1].terms[0];
  const auto answer =
      xorbs_for_answer(store.rows, manifest_of(store, sha256(open)), sent[term.begin].hash);
  REQUIRE(answer);
  const auto& told = (*answer)[0].chunks;
  REQUIRE(told.size() == sent.size());
  CHECK((*answer)[0].raw_bytes == upload.shard.xorbs[0].raw_bytes);
  std::size_t same_lengths = 0;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const bool visible = i >= term.begin && i < term.end;
    CAPTURE(i, visible);
    CHECK((told[i].hash == sent[i].hash) == visible);
    if (visible)
      CHECK(told[i] == sent[i]);
    else if (told[i].raw_bytes == sent[i].raw_bytes)
      ++same_lengths;
  }
  CHECK(same_lengths < 3);
}

TEST_CASE("dedup answer: a hidden chunk that is a xorb by itself has another hash too",
          "[storage][xet]") {
  XetStore store(3);
  REQUIRE(store.open());
  const auto file = store.noise(5000);
  REQUIRE(store.send(testing::xet_upload(file)));
  auto manifest = manifest_of(store, sha256(file));
  const auto chunk = xet::chunk_hash(file);
  CHECK((*xorbs_for_answer(store.rows, manifest, chunk))[0].chunks[0].hash == chunk);
}

TEST_CASE("dedup answer: a chunk that the blob does not have", "[storage][xet]") {
  XetStore store(4);
  REQUIRE(store.open());
  const auto file = store.noise(100'000);
  REQUIRE(store.ingest(file));
  const auto answer = xorbs_for_answer(store.rows, manifest_of(store, sha256(file)), ChunkHash{});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Errc::not_found);
}

}  // namespace waag::storage
