#include "storage/xet/shard_ingest.h"

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "storage/meta/tables/links.h"
#include "storage/meta/tensor_map.h"
#include "tests/support/xet/store.h"

namespace waag::storage {
namespace {

using testing::xet_upload;
using testing::XetPacker;
using testing::XetStore;
using testing::XetUpload;

bool has(const XetStore& store, const std::string& key) { return store.rows.get(key)->has_value(); }

void send_xorbs(XetStore& store, const XetUpload& upload) {
  for (const auto& xorb : upload.xorbs) REQUIRE(store.send(xorb.hash, xorb.body));
}

/// Nothing of a shard that was refused is to be seen.
void check_refused(XetStore& store, const XetUpload& upload, Errc code = Errc::unprocessable) {
  const auto done = store.send(upload.shard);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == code);
  for (const auto& file : upload.shard.files) CHECK_FALSE(has(store, keys::file(file.hash)));
}

}  // namespace

TEST_CASE("shard ingest: files of several xorbs, and of parts of one", "[storage][xet]") {
  XetStore store(1);
  REQUIRE(store.open());
  XetPacker packer(10);
  std::vector<Bytes> files;
  for (const std::size_t size : {3'000'000, 1, 8191, 200'000, 1'000'000}) {
    files.push_back(store.noise(size));
    packer.add(files.back());
  }
  const auto upload = packer.take();
  REQUIRE(upload.xorbs.size() > 3);
  const auto done = store.send(upload);
  REQUIRE(done);
  CHECK(done->files == files.size());
  CHECK(done->new_files == files.size());
  const LinkTable links(store.rows);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto id = sha256(files[i]);
    CHECK((*store.read(id) == files[i]));
    CHECK(*decode_file_row(**store.rows.get(keys::file(upload.shard.files[i].hash))) == id);
    CHECK(*links.has_uploaded("ann", XetStore::repo, id));
    CHECK_FALSE(*links.has_uploaded("ann", XetStore::repo + 1, id));
    CHECK(has(
        store,
        keys::dedup(xet::chunk_hash(ByteView(files[i]).first(xet::chunk_lengths(files[i]).front())),
                    id)));
  }
}

TEST_CASE("shard ingest: the empty file", "[storage][xet]") {
  XetStore store(2);
  REQUIRE(store.open());
  const auto done = store.send(xet_upload({}));
  REQUIRE(done);
  CHECK(done->new_files == 1);
  CHECK(store.read(sha256({}))->empty());
}

TEST_CASE("shard ingest: the SHA-256 is a claim", "[storage][xet]") {
  XetStore store(3);
  REQUIRE(store.open());
  const auto file = store.noise(400'000);
  auto upload = xet_upload(file);
  send_xorbs(store, upload);
  SECTION("a wrong one is refused") {
    upload.shard.files[0].sha256 = sha256(store.noise(10));
    check_refused(store, upload);
    CHECK_FALSE(has(store, keys::blob(*upload.shard.files[0].sha256)));
  }
  SECTION("of a known file too, without reading it again") {
    REQUIRE(store.send(upload.shard));
    upload.shard.files[0].sha256 = sha256(store.noise(10));
    CHECK(store.send(upload.shard).error().code == Errc::unprocessable);
    CHECK((*store.read(sha256(file)) == file));
  }
  SECTION("none is none: it is computed") {
    upload.shard.files[0].sha256.reset();
    REQUIRE(store.send(upload.shard));
    CHECK((*store.read(sha256(file)) == file));
  }
}

TEST_CASE("shard ingest: one wrong file refuses all of the shard", "[storage][xet]") {
  XetStore store(4);
  REQUIRE(store.open());
  XetPacker packer;
  for (int i = 0; i < 3; ++i) packer.add(store.noise(300'000));
  auto upload = packer.take();
  send_xorbs(store, upload);
  upload.shard.files[2].sha256 = sha256({});
  check_refused(store, upload);
}

TEST_CASE("shard ingest: terms that prove nothing", "[storage][xet]") {
  XetStore store(5);
  REQUIRE(store.open());
  auto upload = xet_upload(store.noise(600'000));
  auto& file = upload.shard.files[0];
  auto& term = file.terms[0];
  send_xorbs(store, upload);
  SECTION("another range hash") { file.range_hashes[0].bytes[3] ^= std::byte{1}; }
  SECTION("no range hashes") { file.range_hashes.clear(); }
  SECTION("another length") { ++term.raw_bytes; }
  SECTION("past the xorb's end") { ++term.end; }
  SECTION("less than the file's chunks") {
    term.raw_bytes -= upload.shard.xorbs[0].chunks.back().raw_bytes;
    --term.end;
    std::vector<ChunkHash> hashes;
    for (auto i = term.begin; i < term.end; ++i)
      hashes.push_back(upload.shard.xorbs[0].chunks[i].hash);
    file.range_hashes[0] = xet::range_hash(hashes);
  }
  SECTION("an unknown xorb") {
    term.xorb.bytes[0] ^= std::byte{1};
    upload.shard.xorbs.clear();
  }
  SECTION("another file hash") { file.hash.bytes[0] ^= std::byte{1}; }
  check_refused(store, upload);
}

TEST_CASE("shard ingest: a xorb block that lists other chunks", "[storage][xet]") {
  XetStore store(6);
  REQUIRE(store.open());
  auto upload = xet_upload(store.noise(600'000));
  send_xorbs(store, upload);
  auto& listed = upload.shard.xorbs[0];
  SECTION("a hash") { listed.chunks[1].hash.bytes[0] ^= std::byte{1}; }
  SECTION("one less") {
    listed.raw_bytes -= listed.chunks.back().raw_bytes;
    listed.chunks.pop_back();
  }
  SECTION("a xorb that is not here") { listed.hash.bytes[0] ^= std::byte{1}; }
  check_refused(store, upload);
}

TEST_CASE("shard ingest: a shard that is cut publishes nothing", "[storage][xet]") {
  XetStore store(7);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(100'000));
  send_xorbs(store, upload);
  const auto body = xet::serialize_shard(upload.shard, false);
  const auto into = begin_shard_ingest(store.rows, *store.packs, {"ann", 7});
  REQUIRE(into->write(ByteView(body).first(body.size() - 48)));
  const auto ended = into->end();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == Errc::unprocessable);
  CHECK_FALSE(into->publish());
  CHECK_FALSE(has(store, keys::file(upload.shard.files[0].hash)));
}

TEST_CASE("shard ingest: nothing is published before it is verified", "[storage][xet]") {
  XetStore store(8);
  REQUIRE(store.open());
  const auto file = store.noise(3'000'000);
  const auto upload = xet_upload(file);
  send_xorbs(store, upload);
  const auto into = begin_shard_ingest(store.rows, *store.packs, {"ann", 7});
  REQUIRE(into->write(xet::serialize_shard(upload.shard, true)));
  auto progress = *into->end();
  CHECK(progress.verified_bytes == 0);
  CHECK(progress.total_bytes == file.size());
  int steps = 0;
  for (; !progress.done(); ++steps) {
    CHECK_FALSE(has(store, keys::blob(sha256(file))));
    progress = *into->verify(1u << 20);
  }
  CHECK(steps == 3);
  CHECK_FALSE(has(store, keys::blob(sha256(file))));
  REQUIRE(into->publish());
  CHECK(has(store, keys::blob(sha256(file))));
}

TEST_CASE("shard ingest: publishing what is not verified is refused", "[storage][xet]") {
  XetStore store(9);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(100'000));
  send_xorbs(store, upload);
  const auto into = begin_shard_ingest(store.rows, *store.packs, {"ann", 7});
  REQUIRE(into->write(xet::serialize_shard(upload.shard, false)));
  REQUIRE(into->end());
  CHECK_FALSE(into->publish());
  CHECK_FALSE(has(store, keys::file(upload.shard.files[0].hash)));
}

TEST_CASE("shard ingest: a known file costs no reading and gives possession", "[storage][xet]") {
  XetStore store(10);
  REQUIRE(store.open());
  const auto file = store.noise(500'000);
  REQUIRE(store.ingest(file));
  const auto upload = xet_upload(file);
  const auto into = begin_shard_ingest(store.rows, *store.packs, {"bob", 7});
  REQUIRE(into->write(xet::serialize_shard(upload.shard, false)));
  const auto progress = into->end();
  REQUIRE(progress);
  CHECK(progress->total_bytes == 0);
  const auto done = into->publish();
  REQUIRE(done);
  CHECK(done->new_files == 0);
  CHECK(*LinkTable(store.rows).has_uploaded("bob", 7, sha256(file)));
}

TEST_CASE("shard ingest: the same bytes in other chunks stay one blob", "[storage][xet]") {
  XetStore store(11);
  REQUIRE(store.open());
  const auto file = store.noise(60'000);
  REQUIRE(store.ingest(file));
  // Cut in the middle, as no client of today does; every hash is right.
  XetPacker packer;
  packer.add(ByteView(file).first(30'000));
  packer.add(ByteView(file).subspan(30'000));
  auto upload = packer.take();
  auto& files = upload.shard.files;
  std::vector<xet::HashedLength> chunks;
  std::vector<ChunkHash> hashes;
  for (const auto& chunk : upload.shard.xorbs[0].chunks) {
    chunks.push_back({chunk.hash, chunk.raw_bytes});
    hashes.push_back(chunk.hash);
  }
  const auto count = static_cast<std::uint32_t>(chunks.size());
  files.resize(1);
  files[0] = {xet::file_hash(chunks),
              {{upload.xorbs[0].hash, 60'000, 0, count}},
              {xet::range_hash(hashes)},
              sha256(file)};
  const auto before = **store.rows.get(keys::blob(sha256(file)));
  const auto done = store.send(upload);
  REQUIRE(done);
  CHECK(done->new_files == 0);
  CHECK(**store.rows.get(keys::blob(sha256(file))) == before);
  CHECK(*LinkTable(store.rows).has_uploaded("ann", XetStore::repo, sha256(file)));
}

TEST_CASE("shard ingest: one file twice in a shard", "[storage][xet]") {
  XetStore store(12);
  REQUIRE(store.open());
  XetPacker packer;
  const auto file = store.noise(100'000);
  packer.add(file);
  packer.add(file);
  const auto done = store.send(packer.take());
  REQUIRE(done);
  CHECK(done->files == 2);
  CHECK(done->new_files == 1);
}

TEST_CASE("shard ingest: more files than one transaction takes", "[storage][xet]") {
  XetStore store(13);
  REQUIRE(store.open());
  XetPacker packer;
  constexpr std::size_t count = 3000;  // of 4 rows each
  for (std::size_t i = 0; i < count; ++i) packer.add(store.noise(20));
  const auto upload = packer.take();
  std::size_t transactions = 0;
  send_xorbs(store, upload);
  store.rows.on_apply = [&](const Transaction&) {
    ++transactions;
    return ok();
  };
  const auto done = store.send(upload.shard);
  REQUIRE(done);
  CHECK(done->new_files == count);
  CHECK(transactions > 1);
  CHECK(transactions < 10);
}

TEST_CASE("shard ingest: somebody else publishes the same file meanwhile", "[storage][xet]") {
  XetStore store(14);
  REQUIRE(store.open());
  const auto file = store.noise(100'000);
  const auto upload = xet_upload(file);
  send_xorbs(store, upload);
  bool raced = false;
  store.rows.on_apply = [&](const Transaction& transaction) -> Status {
    if (raced || transaction.puts.empty()) return ok();
    raced = true;
    return fail(Errc::conflict, "an expectation failed");
  };
  const auto done = store.send(upload.shard);
  REQUIRE(done);
  CHECK(raced);
  CHECK((*store.read(sha256(file)) == file));
}

}  // namespace waag::storage
