#pragma once

#include "protocol/hash.h"
#include "storage/blob_reader.h"
#include "storage/ingest.h"
#include "storage/pack/pack_set.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/memory_row_store.h"
#include "tests/support/store_workload.h"

namespace waag::testing {

/// Packs and rows in memory: all that ingest and blob readers need.
struct BlobStore {
  MemoryFileSystem fs;
  SeededRandom random;
  MemoryRowStore rows;
  storage::PackSet::Options options;
  std::unique_ptr<storage::PackSet> packs;

  explicit BlobStore(std::uint64_t seed) : random(seed) { (void)fs.create_dir("data"); }

  /// Opens, as a process does at its start; what was open is forgotten as kill -9 does.
  Status open() {
    packs.reset();
    WAAG_TRY(packs, storage::PackSet::open(fs, random, "data/packs", options));
    return packs->recover(rows.extents());
  }

  Bytes noise(std::size_t size) {
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
  }

  /// Ingests `bytes` in pieces of up to piece_bytes_max, of random sizes.
  Result<storage::IngestedBlob> ingest(ByteView bytes, std::size_t piece_bytes_max = 1u << 20,
                                       const storage::IngestExpect& expect = {},
                                       storage::Transaction extra = {}) {
    const auto into = storage::begin_ingest(rows, *packs);
    while (!bytes.empty()) {
      const auto piece =
          bytes.first(std::min<std::size_t>(bytes.size(), 1 + random.next() % piece_bytes_max));
      WAAG_CHECK(into->write(piece));
      bytes = bytes.subspan(piece.size());
    }
    return into->finish(expect, std::move(extra));
  }

  /// The whole blob, by reads of up to piece_bytes_max.
  Result<Bytes> read(const BlobId& id, std::size_t piece_bytes_max = 1u << 20) {
    WAAG_TRY(const auto reader, storage::open_blob(rows, *packs, id));
    Bytes all(reader->size_bytes());
    for (std::size_t at = 0; at < all.size();) {
      const auto want = std::min<std::size_t>(all.size() - at, 1 + random.next() % piece_bytes_max);
      WAAG_TRY(const auto got, reader->read(at, std::span(all).subspan(at, want)));
      if (got != want) return fail(Errc::internal, "a read inside the blob was short");
      at += got;
    }
    return all;
  }
};

}  // namespace waag::testing
