#include "storage/xet/xet_files.h"

#include <catch2/catch.hpp>

#include "storage/os/file_system.h"
#include "tests/support/xet/store.h"

namespace waag::storage {
namespace {

using testing::XetPacker;
using testing::XetStore;

struct OpenStore : XetStore {
  explicit OpenStore(std::uint64_t seed) : XetStore(seed) { REQUIRE(open()); }
};

struct Fixture : OpenStore {
  using OpenStore::OpenStore;
  Reserve reserve{fs, "data", 0};
  XetFiles files{rows, *packs, reserve};
};

/// What a client makes of a plan: fetches the ranges, decodes, concatenates, trims.
Bytes follow(Fixture& store, const xet::Plan& plan, std::uint64_t bytes) {
  Bytes file;
  for (const auto& term : plan.terms) {
    const auto fetch = std::ranges::find(plan.xorbs, term.xorb, &xet::XorbFetch::xorb);
    REQUIRE(fetch != plan.xorbs.end());
    const auto range = std::ranges::find_if(fetch->ranges, [&](const xet::FetchRange& one) {
      return one.begin <= term.begin && term.end <= one.end;
    });
    REQUIRE(range != fetch->ranges.end());
    auto reader = *store.files.open_xorb(term.xorb);
    Bytes wire(range->wire_end - range->wire_begin);
    REQUIRE(*reader->read(range->wire_begin, wire) == wire.size());
    std::uint32_t number = range->begin;
    REQUIRE(xet::read_xorb(wire, [&](const xet::XorbChunk&, ByteView raw) {
      if (number >= term.begin && number < term.end)
        file.insert(file.end(), raw.begin(), raw.end());
      ++number;
      return ok();
    }));
    REQUIRE(number == range->end);
  }
  file.erase(file.begin(),
             file.begin() + static_cast<std::ptrdiff_t>(plan.offset_into_first_range));
  REQUIRE(file.size() >= bytes);
  file.resize(bytes);
  return file;
}

}  // namespace

TEST_CASE("xet files: a file is found by its hash, whatever road it came", "[storage][xet]") {
  Fixture store(1);
  const auto file = store.noise(300'000);
  const auto hash = testing::xet_upload(file).shard.files[0].hash;
  CHECK_FALSE(*store.files.find(hash));
  if (GENERATE(true, false))
    REQUIRE(store.ingest(file));
  else
    REQUIRE(store.send(testing::xet_upload(file)));
  const auto found = store.files.find(hash);
  REQUIRE((found && *found));
  CHECK((*found)->id == sha256(file));
  CHECK((*found)->size_bytes == file.size());
  const std::vector<BlobId> ids{sha256({}), sha256(file)};
  const auto hashes = store.files.hashes_of(ids);
  REQUIRE(hashes);
  CHECK_FALSE((*hashes)[0]);
  CHECK((*hashes)[1] == hash);
}

TEST_CASE("xet files: any range that is planned and fetched equals the slice",
          "[storage][xet][property]") {
  Fixture store(2);
  const auto file = store.noise(2'500'000);
  XetPacker packer(7);
  packer.add(store.noise(100'000));
  packer.add(file);
  REQUIRE(store.send(packer.take()));
  const auto id = sha256(file);
  CHECK((follow(store, *store.files.plan(id, std::nullopt), file.size()) == file));
  for (int round = 0; round < 60; ++round) {
    const auto first = store.random.next() % file.size();
    const auto last = std::min<std::uint64_t>(
        first + store.random.next() % (round % 2 == 0 ? 500'000 : 5), file.size() - 1);
    const auto plan = store.files.plan(id, http::ByteRange{first, last});
    REQUIRE(plan);
    const auto got = follow(store, *plan, last - first + 1);
    REQUIRE(std::equal(got.begin(), got.end(), file.begin() + static_cast<std::ptrdiff_t>(first)));
  }
}

TEST_CASE("xet files: a random edit stores about what it changed", "[storage][xet][property]") {
  Fixture store(3);
  auto file = store.noise(4'000'000);
  REQUIRE(store.send(testing::xet_upload(file)));
  for (int round = 0; round < 5; ++round) {
    const auto edit = store.noise(50'000);
    const auto at = static_cast<std::ptrdiff_t>(store.random.next() % file.size());
    file.insert(file.begin() + at, edit.begin(), edit.end());
    const auto upload = testing::xet_upload(file);
    const auto xorb = store.send(upload.xorbs[0].hash, upload.xorbs[0].body);
    REQUIRE(xorb);
    CHECK(xorb->new_bytes >= edit.size());
    CHECK(xorb->new_bytes < edit.size() + 4 * xet::chunk_bytes_max);
    REQUIRE(store.send(upload.shard));
    CHECK((*store.read(sha256(file)) == file));
  }
}

TEST_CASE("xet files: an unknown blob has no plan", "[storage][xet]") {
  Fixture store(4);
  const auto plan = store.files.plan(sha256({}), std::nullopt);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == Errc::not_found);
}

TEST_CASE("xet files: which blobs have a chunk", "[storage][xet]") {
  Fixture store(5);
  const auto head = store.noise(200'000);
  std::vector<BlobId> ids;
  for (int i = 0; i < 5; ++i) {
    auto file = head;
    const auto tail = store.noise(50'000 * static_cast<std::size_t>(i + 1));
    file.insert(file.end(), tail.begin(), tail.end());
    ids.push_back(store.ingest(file)->id);
  }
  const auto first = xet::chunk_hash(ByteView(head).first(xet::chunk_lengths(head).front()));
  std::ranges::reverse(ids);
  CHECK(*store.files.files_with(first, 10) == ids);
  CHECK(store.files.files_with(first, 2)->size() == 2);
  CHECK(store.files.files_with(ChunkHash{}, 10)->empty());
}

TEST_CASE("xet files: the answer to a dedup query is a shard with keyed hashes", "[storage][xet]") {
  Fixture store(6);
  const auto file = store.noise(700'000);
  REQUIRE(store.ingest(file));
  const auto sent = testing::xet_upload(file).shard.xorbs[0];
  DedupKey key;
  key.key.fill(9);
  key.created_s = 1000;
  key.expires_s = 2000;
  const auto body = store.files.dedup_shard(sha256(file), sent.chunks[0].hash, key);
  REQUIRE(body);
  const auto shard = xet::parse_shard(*body);
  REQUIRE(shard);
  CHECK(shard->files.empty());
  REQUIRE(shard->xorbs.size() == 1);
  CHECK(shard->xorbs[0].hash == sent.hash);
  for (std::size_t i = 0; i < sent.chunks.size(); ++i)
    CHECK(shard->xorbs[0].chunks[i].hash == xet::keyed_hash(sent.chunks[i].hash, key.key));
}

TEST_CASE("xet files: below the reserve nothing comes in", "[storage][xet]") {
  Fixture store(7);
  const auto disk = make_posix_file_system();
  Reserve all(*disk, ".", 1ull << 62);
  XetFiles files(store.rows, *store.packs, all);
  CHECK(files.ingest_xorb(XorbHash{}).error().code == Errc::no_space);
  CHECK(files.ingest_shard({"ann", 1}).error().code == Errc::no_space);
}

}  // namespace waag::storage
