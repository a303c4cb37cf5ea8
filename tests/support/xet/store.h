#pragma once

#include "storage/xet/xet_files.h"
#include "tests/support/blob_store.h"
#include "tests/support/xet/upload.h"

namespace waag::testing {

/// A store in memory into which a Xet client sends.
struct XetStore : BlobStore {
  using BlobStore::BlobStore;
  static constexpr std::uint64_t repo = 7;

  Result<storage::IngestedXorb> send(const XorbHash& promised, ByteView body,
                                     std::size_t piece_bytes_max = 1u << 20) {
    const auto into = storage::begin_xorb_ingest(rows, *packs, promised);
    while (!body.empty()) {
      const auto piece =
          body.first(std::min<std::size_t>(body.size(), 1 + random.next() % piece_bytes_max));
      WAAG_CHECK(into->write(piece));
      body = body.subspan(piece.size());
    }
    return into->finish();
  }

  /// Sends only the shard; its verification goes in steps of step_bytes.
  Result<storage::IngestedShard> send(const xet::Shard& shard, std::uint64_t step_bytes = 100'000) {
    const auto into = storage::begin_shard_ingest(rows, *packs, {"ann", repo});
    WAAG_CHECK(into->write(xet::serialize_shard(shard, false)));
    WAAG_TRY(auto progress, into->end());
    while (!progress.done()) {
      WAAG_TRY(progress, into->verify(step_bytes));
    }
    return into->publish();
  }

  Result<storage::IngestedShard> send(const XetUpload& upload) {
    for (const auto& xorb : upload.xorbs) WAAG_CHECK(send(xorb.hash, xorb.body));
    return send(upload.shard);
  }
};

}  // namespace waag::testing
