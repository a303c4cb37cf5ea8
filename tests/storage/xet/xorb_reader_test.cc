#include "storage/xet/xorb_reader.h"

#include <catch2/catch.hpp>

#include "protocol/xet/xorb.h"
#include "tests/support/xet/store.h"

namespace waag::storage {
namespace {

using testing::XetPacker;
using testing::XetStore;

}  // namespace

TEST_CASE("xorb reader: any range equals the slice of the plain serialised xorb",
          "[storage][xet]") {
  XetStore store(1);
  REQUIRE(store.open());
  const auto file = store.noise(700'000);
  XetPacker packer;  // Scheme::none: just what the reader must give
  packer.add(file);
  const auto upload = packer.take();
  REQUIRE(store.ingest(file));  // by another road
  const auto& whole = upload.xorbs[0].body;
  auto reader = *open_xorb(store.rows, *store.packs, upload.xorbs[0].hash);
  REQUIRE(reader->size_bytes() == whole.size());
  Bytes out(300'000);
  for (int round = 0; round < 500; ++round) {
    const auto offset = store.random.next() % (whole.size() + 10);
    const auto want = store.random.next() % (round % 2 == 0 ? out.size() : 20);
    const auto got = reader->read(offset, std::span(out).first(want));
    REQUIRE(got);
    const auto from = std::min<std::size_t>(offset, whole.size());
    REQUIRE(*got == std::min(want, whole.size() - from));
    REQUIRE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*got),
                       whole.begin() + static_cast<std::ptrdiff_t>(from)));
  }
  CHECK_FALSE(*reader->raw_run(0, 100));
}

TEST_CASE("xorb reader: what is given out is a xorb of that hash", "[storage][xet]") {
  XetStore store(2);
  REQUIRE(store.open());
  XetPacker packer(1000, xet::Scheme::bg4_lz4);
  packer.add(Bytes(900'000, std::byte{3}));
  packer.add(store.noise(100'000));
  const auto upload = packer.take();
  REQUIRE(store.send(upload));
  auto reader = *open_xorb(store.rows, *store.packs, upload.xorbs[0].hash);
  Bytes all(reader->size_bytes());
  REQUIRE(*reader->read(0, all) == all.size());
  CHECK(xet::read_xorb(all)->hash == upload.xorbs[0].hash);
}

TEST_CASE("xorb reader: an unknown xorb", "[storage][xet]") {
  XetStore store(3);
  REQUIRE(store.open());
  const auto reader = open_xorb(store.rows, *store.packs, XorbHash{});
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Errc::not_found);
}

}  // namespace waag::storage
