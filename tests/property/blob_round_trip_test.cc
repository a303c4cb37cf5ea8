#include <catch2/catch.hpp>

#include "tests/support/blob_store.h"
#include "tests/support/environment.h"

// read(ingest(x)) == x for files made of noise, text, zeros and parts of each other, in whatever
// pieces they come and go; and only new content takes room. WAAG_SEED replays a run, WAAG_ROUNDS
// makes it longer.

namespace waag::storage {
namespace {

using testing::BlobStore;
using testing::environment;

void append(Bytes& to, ByteView part) { to.insert(to.end(), part.begin(), part.end()); }

/// A file of a few parts, some of them cut out of earlier files.
Bytes make_file(BlobStore& store, const std::vector<Bytes>& earlier) {
  auto& random = store.random;
  Bytes file;
  const auto parts = random.next() % 5;
  for (std::uint64_t i = 0; i < parts; ++i) {
    const auto size = random.next() % (1u << (random.next() % 21));
    switch (random.next() % 4) {
      case 0:
        append(file, store.noise(size));
        break;
      case 1:
        append(file, Bytes(size));
        break;
      case 2:
        for (std::uint64_t word = 0; word < size / 8; ++word)
          append(file, as_bytes(std::to_string(random.next() % 10'000) + "\n"));
        break;
      default: {
        if (earlier.empty()) break;
        const auto& other = earlier[random.next() % earlier.size()];
        if (other.empty()) break;
        const auto begin = random.next() % other.size();
        const auto bytes = random.next() % (other.size() - begin) + 1;
        append(file, ByteView(other).subspan(begin, bytes));
      }
    }
  }
  return file;
}

void check_ranges(BlobStore& store, const BlobId& id, const Bytes& file) {
  const auto reader = open_blob(store.rows, *store.packs, id);
  REQUIRE(reader);
  for (int i = 0; i < 10 && !file.empty(); ++i) {
    const auto begin = store.random.next() % file.size();
    Bytes out(1 + store.random.next() % (file.size() - begin));
    const auto got = (*reader)->read(begin, out);
    REQUIRE(got);
    REQUIRE(*got == out.size());
    REQUIRE(std::equal(out.begin(), out.end(), file.begin() + static_cast<std::ptrdiff_t>(begin)));
  }
}

}  // namespace

TEST_CASE("property: what is ingested is read back", "[property][blob]") {
  const auto seed = environment("WAAG_SEED", 20261123);
  CAPTURE(seed);
  BlobStore store(seed);
  store.options.pack_bytes_max = 4u << 20;
  store.options.group_bytes_max = 1u << 20;
  REQUIRE(store.open());
  std::vector<Bytes> files;
  const auto rounds = environment("WAAG_ROUNDS", 40);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    files.push_back(make_file(store, files));
    const auto& file = files.back();
    const auto piece = std::size_t{1} << (6 + store.random.next() % 16);
    const auto blob = store.ingest(file, piece, {sha256(file), file.size()});
    REQUIRE(blob);
    REQUIRE(blob->new_bytes <= file.size());
    REQUIRE(blob->stored_bytes <= blob->new_bytes);
    const auto back = store.read(blob->id, std::size_t{1} << (8 + store.random.next() % 14));
    REQUIRE(back);
    const bool same = *back == file;  // not in REQUIRE: it would print megabytes
    REQUIRE(same);
    check_ranges(store, blob->id, file);
    if (store.random.next() % 8 == 0) REQUIRE(store.open());
    if (files.size() > 12) files.erase(files.begin());
  }
  const auto ids = store.packs->list();
  REQUIRE(ids);
  for (const auto id : *ids) REQUIRE(store.packs->verify(id)->empty());
}

TEST_CASE("property: an insertion costs about its own size", "[property][blob]") {
  const auto seed = environment("WAAG_SEED", 7);
  CAPTURE(seed);
  BlobStore store(seed);
  REQUIRE(store.open());
  auto file = store.noise(64u << 20);
  const auto first = store.ingest(file);
  REQUIRE(first);
  REQUIRE(first->new_bytes == file.size());
  const auto inserted = store.noise(1u << 20);
  const auto at = 20'000'000 + store.random.next() % 20'000'000;
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(at), inserted.begin(), inserted.end());
  const auto second = store.ingest(file);
  REQUIRE(second);
  CHECK(second->new_bytes >= inserted.size());
  CHECK(second->new_bytes <= inserted.size() + 4 * 128 * 1024);  // the chunks at its two ends
  const bool same = *store.read(second->id) == file;
  CHECK(same);
}

}  // namespace waag::storage
