#pragma once

#include <vector>

#include "protocol/xet/shard.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// Xorbs of one answer: 512 MiB of known data in 0.4 MB. The client asks again some 64 MiB further
/// on; only once in 3,000 times not before the answer ends.
inline constexpr std::size_t answer_xorbs_max = 8;

/// The xorbs of a blob that a dedup answer lists, from the one on that holds `chunk`. A client
/// counts chunks from a xorb's begin, so every one is listed; but those that the blob does not
/// consist of, which may be another's secret, are told by neither hash nor length.
/// Errc::not_found if the blob does not have the chunk.
Result<std::vector<xet::ShardXorb>> xorbs_for_answer(const RowStore& rows,
                                                     const BlobManifest& manifest,
                                                     const ChunkHash& chunk);

}  // namespace waag::storage
