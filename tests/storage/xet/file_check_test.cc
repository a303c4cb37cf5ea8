#include "storage/xet/file_check.h"

#include <catch2/catch.hpp>

#include "tests/support/xet/store.h"

// What check_file refuses stands with shard_ingest_test.cc.

namespace waag::storage {

using testing::xet_upload;
using testing::XetPacker;
using testing::XetStore;

TEST_CASE("file check: a file's terms, as the store keeps them", "[storage][xet]") {
  XetStore store(1);
  REQUIRE(store.open());
  XetPacker packer(5);
  packer.add(store.noise(900'000));
  const auto upload = packer.take();
  for (const auto& xorb : upload.xorbs) REQUIRE(store.send(xorb.hash, xorb.body));
  XorbRows xorbs(store.rows);
  const auto checked = check_file(xorbs, upload.shard.files[0]);
  REQUIRE(checked);
  CHECK(checked->size_bytes == 900'000);
  REQUIRE(checked->terms.size() == upload.xorbs.size());
  CHECK(checked->terms[1].xorb == upload.xorbs[1].hash);
  CHECK(checked->terms[1].first_chunk == 0);
  CHECK(checked->terms[1].chunks == 5);
  for (const auto& xorb : upload.shard.xorbs) CHECK(check_xorb(xorbs, xorb));
}

TEST_CASE("file check: rows asked for again are not read again", "[storage][xet]") {
  XetStore store(2);
  REQUIRE(store.open());
  std::vector<XorbHash> hashes;
  for (int i = 0; i < 20; ++i) {
    const auto upload = xet_upload(store.noise(1000));
    REQUIRE(store.send(upload.xorbs[0].hash, upload.xorbs[0].body));
    hashes.push_back(upload.xorbs[0].hash);
  }
  XorbRows xorbs(store.rows);
  for (const auto& hash : hashes) REQUIRE(*xorbs.find(hash) != nullptr);
  const auto reads = store.rows.reads();
  for (int i = 0; i < 3; ++i) REQUIRE((*xorbs.find(hashes.back()))->chunks.size() == 1);
  CHECK(store.rows.reads() == reads);
  REQUIRE((*xorbs.find(hashes.front()))->chunks.size() == 1);  // forgotten by now
  CHECK(store.rows.reads() == reads + 1);
  CHECK(*xorbs.find(XorbHash{}) == nullptr);
}

}  // namespace waag::storage
