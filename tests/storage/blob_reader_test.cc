#include "storage/blob_reader.h"

#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/damage.h"
#include "storage/meta/keys.h"
#include "storage/os/failing_file_system.h"
#include "storage/pack/pack_file.h"
#include "tests/support/blob_store.h"
#include "tests/support/temp_folder.h"

namespace waag::storage {
namespace {

using testing::BlobStore;

/// Puts a record of `kind` and its derived row, as a commit does.
GitId put_object(BlobStore& store, RecordKind kind, ByteView body) {
  const auto id = git::object_id(
      kind == RecordKind::git_blob ? git::ObjectKind::blob : git::ObjectKind::tree, body);
  RecordIn record;
  record.kind = kind;
  std::copy(id.bytes.begin(), id.bytes.end(), record.hash.begin());
  record.raw = body;
  auto writer = *store.packs->writer(PackClass::small_objects);
  const auto at = *writer->append_group({&record, 1});
  Transaction transaction;
  transaction.extents = *writer->sync();
  transaction.derived.push_back({keys::git_object(id), encode(at.front())});
  REQUIRE(store.rows.apply(std::move(transaction)));
  return id;
}

}  // namespace

TEST_CASE("blob reader: any byte range equals the slice", "[storage][blob_reader]") {
  BlobStore store(1);
  REQUIRE(store.open());
  const auto bytes = store.noise(1'500'000);
  const auto blob = *store.ingest(bytes);
  auto reader = *open_blob(store.rows, *store.packs, blob.id);
  CHECK(reader->size_bytes() == bytes.size());
  Bytes out(300'000);
  for (int round = 0; round < 300; ++round) {
    const auto offset = store.random.next() % (bytes.size() + 10);
    const auto want = store.random.next() % out.size();
    const auto got = reader->read(offset, std::span(out).first(want));
    REQUIRE(got);
    const auto expected = offset >= bytes.size() ? 0 : std::min(want, bytes.size() - offset);
    REQUIRE(*got == expected);
    REQUIRE(
        std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*got),
                   bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, bytes.size()))));
  }
}

TEST_CASE("blob reader: sequential reads do not look rows up again", "[storage][blob_reader]") {
  BlobStore store(2);
  REQUIRE(store.open());
  const auto bytes = store.noise(1'000'000);
  const auto blob = *store.ingest(bytes);
  auto reader = *open_blob(store.rows, *store.packs, blob.id);
  Bytes out(1000);
  const auto before = store.rows.reads();
  for (std::size_t at = 0; at < bytes.size(); at += out.size())
    REQUIRE(*reader->read(at, out) == out.size());
  CHECK(store.rows.reads() == before + 1);
}

TEST_CASE("blob reader: raw runs cover a blob, and stop at damage", "[storage][blob_reader]") {
  const testing::TempFolder folder;
  const auto fs = make_posix_file_system();
  testing::BlobStore store(20);
  const auto packs_folder = folder.path() / "packs";
  store.packs = *PackSet::open(*fs, store.random, packs_folder, {});
  const auto bytes = store.noise(5'000'000);
  const auto blob = *store.ingest(bytes);
  auto reader = *open_blob(store.rows, *store.packs, blob.id);
  std::uint64_t runs = 0;
  std::uint64_t last_begin = 0;
  for (std::uint64_t at = 0; at < bytes.size(); ++runs) {
    const auto run = *reader->raw_run(at, 1u << 20);
    REQUIRE(run);
    REQUIRE(run->bytes > 0);
    REQUIRE(run->bytes <= 1u << 20);
    Bytes out(run->bytes);
    REQUIRE(*run->file->read(run->file_offset, out) == out.size());
    REQUIRE(std::equal(out.begin(), out.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at)));
    last_begin = run->file_offset;
    at += run->bytes;
  }
  CHECK(runs <= 10);
  const auto middle = *reader->raw_run(1'234'567, 100);
  REQUIRE(middle);
  CHECK(middle->bytes == 100);
  CHECK_FALSE(*reader->raw_run(bytes.size(), 100));

  const auto pack = store.packs->list()->front();
  const auto file = *fs->open(pack::pack_path(packs_folder, pack, /*open=*/true), OpenMode::write);
  std::array<std::byte, 1> byte{};
  REQUIRE(*file->read(last_begin, byte) == 1);
  byte[0] ^= std::byte{1};
  REQUIRE(file->write(last_begin, byte));
  std::optional<Error> stopped;
  for (std::uint64_t at = 0; at < bytes.size() && !stopped;) {
    const auto run = reader->raw_run(at, 500'000);
    if (run)
      at += (*run)->bytes;
    else
      stopped = run.error();
  }
  REQUIRE(stopped);
  CHECK(stopped->code == Errc::corrupt);
}

TEST_CASE("blob reader: unknown blobs are not found", "[storage][blob_reader]") {
  BlobStore store(3);
  REQUIRE(store.open());
  CHECK(open_blob(store.rows, *store.packs, BlobId{}).error().code == Errc::not_found);
  CHECK(open_git_blob(store.rows, *store.packs, GitId{}).error().code == Errc::not_found);
}

TEST_CASE("blob reader: git blobs, small and large", "[storage][blob_reader]") {
  BlobStore store(4);
  REQUIRE(store.open());
  const auto body = as_bytes("# A model card\n");
  const auto small = put_object(store, RecordKind::git_blob, body);
  auto reader = *open_git_blob(store.rows, *store.packs, small);
  CHECK(reader->size_bytes() == body.size());
  Bytes out(100);
  CHECK(*reader->read(2, out) == body.size() - 2);
  CHECK(as_text(out).substr(0, body.size() - 2) == "A model card\n");
  CHECK(*reader->read(body.size(), out) == 0);

  const auto tree = put_object(store, RecordKind::git_tree, {});
  CHECK(open_git_blob(store.rows, *store.packs, tree).error().code == Errc::not_found);

  const auto bytes = store.noise(300'000);
  const auto blob = *store.ingest(bytes);
  const auto id = git::blob_id(bytes);
  store.rows.put(keys::large_git_blob(id), encode_large_git_blob(blob.id));
  auto large = *open_git_blob(store.rows, *store.packs, id);
  Bytes all(bytes.size());
  CHECK(*large->read(0, all) == all.size());
  CHECK((all == bytes));
}

TEST_CASE("blob reader: flipped bits in packs are errors, never bytes", "[storage][blob_reader]") {
  BlobStore store(5);
  store.options.pack_bytes_max = 1u << 20;
  store.options.group_bytes_max = 256u << 10;
  REQUIRE(store.open());
  const auto bytes = store.noise(2u << 20);
  const auto blob = *store.ingest(bytes);
  const auto files = store.fs.files();
  std::size_t errors = 0;
  for (int round = 0; round < 40; ++round) {
    auto file =
        std::next(files.begin(), static_cast<std::ptrdiff_t>(store.random.next() % files.size()));
    auto damaged = file->second;
    damaged[store.random.next() % damaged.size()] ^= std::byte{1} << (store.random.next() % 8);
    store.fs.put(file->first, std::move(damaged));
    REQUIRE(store.open());
    auto reader = *open_blob(store.rows, *store.packs, blob.id);
    Bytes out(70'000);
    for (std::size_t at = 0; at < bytes.size(); at += out.size()) {
      const auto got = reader->read(at, out);
      if (!got) {
        REQUIRE(got.error().code == Errc::corrupt);
        ++errors;
        continue;
      }
      REQUIRE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*got),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at)));
    }
    store.fs.put(file->first, file->second);
  }
  CHECK(errors > 0);
}

TEST_CASE("blob reader: a disk that cannot be read is no damage", "[storage][blob_reader]") {
  BlobStore store(8);
  REQUIRE(store.open());
  const auto blob = *store.ingest(store.noise(500'000));
  FailingFileSystem disk(store.fs, FailingFileSystem::Failure::io_error, FailingFileSystem::never);
  store.packs = *PackSet::open(disk, store.random, "data/packs", store.options);
  REQUIRE(store.packs->recover(store.rows.extents()));
  auto reader = *open_blob(store.rows, *store.packs, blob.id);
  Bytes out(500'000);
  REQUIRE(reader->read(0, out));
  disk.arm(FailingFileSystem::Failure::crash_stop, 0);
  CHECK_FALSE(disk.sync_dir("data"));
  reader = *open_blob(store.rows, *store.packs, blob.id);
  CHECK(reader->read(0, out).error().code == Errc::unavailable);
  CHECK(store.packs->damaged().empty());
  CHECK_FALSE(*is_damaged(store.rows, *store.packs, blob.id));
}

TEST_CASE("blob reader: look-up rows lead around a run that is lost", "[storage][blob_reader]") {
  BlobStore store(7);
  REQUIRE(store.open());
  const auto bytes = store.noise(500'000);
  const auto blob = *store.ingest(bytes);
  const auto manifest = *decode_manifest(**store.rows.get(keys::blob(blob.id)));
  const auto key = keys::xorb(manifest.terms[0].xorb);
  auto row = *decode_xorb(**store.rows.get(key));
  SECTION("shifted") { ++row.runs[0].first_record; }
  SECTION("of an unknown pack") { row.runs[0].pack = PackId{99}; }
  store.rows.put(key, encode(row));
  CHECK((*store.read(blob.id, 70'000) == bytes));
  CHECK((*store.read(blob.id) == bytes));
}

TEST_CASE("blob reader: rows that disagree are errors", "[storage][blob_reader]") {
  BlobStore store(6);
  REQUIRE(store.open());
  const auto bytes = store.noise(500'000);
  const auto blob = *store.ingest(bytes);
  const auto manifest = *decode_manifest(**store.rows.get(keys::blob(blob.id)));
  const auto key = keys::xorb(manifest.terms[0].xorb);
  auto row = *decode_xorb(**store.rows.get(key));
  SECTION("the xorb is gone") { store.rows.erase(key); }
  SECTION("its chunks are others") {
    std::swap(row.chunks[0], row.chunks[1]);
    store.rows.put(key, encode(row));
  }
  SECTION("its run is shifted, and no look-up row leads to the chunk") {
    ++row.runs[0].first_record;
    store.rows.erase(keys::chunk(row.chunks[0].hash));
    store.rows.put(key, encode(row));
  }
  auto reader = *open_blob(store.rows, *store.packs, blob.id);
  Bytes out(bytes.size());
  CHECK(reader->read(0, out).error().code == Errc::corrupt);
  CHECK(reader->raw_run(0, 1000).error().code == Errc::corrupt);
}

}  // namespace waag::storage
