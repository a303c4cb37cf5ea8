#include "storage/xet/xorb_ingest.h"

#include <catch2/catch.hpp>

#include "storage/meta/damage.h"
#include "storage/meta/keys.h"
#include "tests/support/xet/store.h"

namespace waag::storage {
namespace {

using testing::xet_upload;
using testing::XetPacker;
using testing::XetStore;

XorbRow row_of(const XetStore& store, const XorbHash& xorb) {
  const auto value = store.rows.get(keys::xorb(xorb));
  REQUIRE((value && *value));
  return *decode_xorb(**value);
}

}  // namespace

TEST_CASE("xorb ingest: chunks, row and bytes, whatever the scheme and the pieces",
          "[storage][xet]") {
  const auto scheme = GENERATE(xet::Scheme::none, xet::Scheme::lz4, xet::Scheme::bg4_lz4);
  XetStore store(1);
  REQUIRE(store.open());
  Bytes file = store.noise(2'000'000);
  std::fill(file.begin() + 500'000, file.begin() + 1'200'000, std::byte{5});
  XetPacker packer(1000, scheme);
  packer.add(file);
  const auto upload = packer.take();
  REQUIRE(upload.xorbs.size() == 1);
  const auto done = store.send(upload.xorbs[0].hash, upload.xorbs[0].body, 10'000);
  REQUIRE(done);
  CHECK(done->was_inserted);
  CHECK(done->raw_bytes == file.size());
  CHECK(done->new_bytes < file.size());  // chunks of one byte value are one chunk
  const auto row = row_of(store, upload.xorbs[0].hash);
  REQUIRE(row.chunks.size() == upload.shard.xorbs[0].chunks.size());
  for (std::size_t i = 0; i < row.chunks.size(); ++i)
    CHECK(row.chunks[i].hash == upload.shard.xorbs[0].chunks[i].hash);
}

TEST_CASE("xorb ingest: what is known is not stored again, whatever road it came",
          "[storage][xet]") {
  XetStore store(2);
  REQUIRE(store.open());
  const auto file = store.noise(1'000'000);
  const auto upload = xet_upload(file);
  SECTION("as a xorb") { REQUIRE(store.send(upload.xorbs[0].hash, upload.xorbs[0].body)); }
  SECTION("as an LFS file: its virtual xorb is the client's") { REQUIRE(store.ingest(file)); }
  const auto again = store.send(upload.xorbs[0].hash, upload.xorbs[0].body);
  REQUIRE(again);
  CHECK_FALSE(again->was_inserted);
  CHECK(again->new_bytes == 0);
  CHECK(again->raw_bytes == file.size());
}

TEST_CASE("xorb ingest: and the other way round", "[storage][xet]") {
  XetStore store(3);
  REQUIRE(store.open());
  const auto file = store.noise(1'000'000);
  REQUIRE(store.send(xet_upload(file)));
  const auto blob = store.ingest(file);
  REQUIRE(blob);
  CHECK(blob->new_bytes == 0);
}

TEST_CASE("xorb ingest: another hash than promised publishes nothing", "[storage][xet]") {
  XetStore store(4);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(300'000));
  const auto other = xet_upload(store.noise(10'000)).xorbs[0].hash;
  const auto done = store.send(other, upload.xorbs[0].body);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::unprocessable);
  CHECK_FALSE(*store.rows.get(keys::xorb(other)));
  CHECK_FALSE(*store.rows.get(keys::xorb(upload.xorbs[0].hash)));
  CHECK_FALSE(*store.rows.get(keys::chunk(upload.shard.xorbs[0].chunks[0].hash)));
}

TEST_CASE("xorb ingest: bytes that are no xorb", "[storage][xet]") {
  XetStore store(5);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(300'000));
  auto body = upload.xorbs[0].body;
  SECTION("cut") { body.resize(body.size() - 1); }
  SECTION("a bit") { body[100'000] ^= std::byte{4}; }
  SECTION("noise") { body = store.noise(1000); }
  SECTION("nothing") { body.clear(); }
  const auto done = store.send(upload.xorbs[0].hash, body);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::unprocessable);
  CHECK_FALSE(*store.rows.get(keys::xorb(upload.xorbs[0].hash)));
}

TEST_CASE("xorb ingest: after an error nothing more is taken", "[storage][xet]") {
  XetStore store(6);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(100'000));
  const auto into = begin_xorb_ingest(store.rows, *store.packs, upload.xorbs[0].hash);
  const Bytes noise(16, std::byte{0xff});
  CHECK_FALSE(into->write(noise));
  CHECK_FALSE(into->write(upload.xorbs[0].body));
  CHECK_FALSE(into->finish());
}

TEST_CASE("xorb ingest: a second finish is refused", "[storage][xet]") {
  XetStore store(7);
  REQUIRE(store.open());
  const auto upload = xet_upload(store.noise(100'000));
  const auto into = begin_xorb_ingest(store.rows, *store.packs, upload.xorbs[0].hash);
  REQUIRE(into->write(upload.xorbs[0].body));
  REQUIRE(into->finish());
  CHECK_FALSE(into->finish());
}

TEST_CASE("xorb ingest: a damaged chunk is stored again, and the xorb leads to it",
          "[storage][xet]") {
  XetStore store(8);
  REQUIRE(store.open());
  const auto file = store.noise(400'000);
  const auto upload = xet_upload(file);
  REQUIRE(store.send(upload));
  const auto row = row_of(store, upload.xorbs[0].hash);
  const RecordPlace damaged{row.runs[0].pack, row.runs[0].first_record + 1};
  note_damage(store.rows, *store.packs, damaged);
  const auto again = store.send(upload.xorbs[0].hash, upload.xorbs[0].body);
  REQUIRE(again);
  CHECK(again->new_bytes == row.chunks[1].raw_bytes);
  CHECK(row_of(store, upload.xorbs[0].hash).runs.size() > 1);
  CHECK((*store.read(sha256(file)) == file));
}

}  // namespace waag::storage
