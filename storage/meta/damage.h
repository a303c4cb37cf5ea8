#pragma once

#include <span>

#include "storage/meta/row_store.h"

namespace waag::storage {

// What is known to be damaged survives a restart as rows (keys::damaged), which recovery tells to
// the packs. Repair is to store the same bytes again: ingest and the object writer do not refer to
// damaged records, their look-up rows lead to the new ones, and readers of xorbs go around a
// damaged record by that row. Nothing is taken away for a note: one that proves wrong costs a
// second copy of a chunk at most, and fsck takes it back.

/// Remembers, now and after the next start, that records failed their checks (Errc::corrupt; a disk
/// that could not be read proves nothing). Does what it can: a store that cannot write remembers
/// until it is closed. Waits for the disk, but once for each record: whoever read it has already
/// failed or goes another way.
void note_damage(RowStore& rows, PackSet& packs, std::span<const RecordPlace> records);
inline void note_damage(RowStore& rows, PackSet& packs, const RecordPlace& at) {
  note_damage(rows, packs, {&at, 1});
}
/// Takes back notes about records that are good. Likewise.
void forget_damage(RowStore& rows, PackSet& packs, std::span<const RecordPlace> records);

/// For a transaction that stores a damaged record's bytes again: an index that is rebuilt must
/// take the new record, whatever the order of packs.
Row damaged_row(const RecordPlace& at);

/// Where the chunk's look-up row leads; nullopt if there is no such row, or it leads to a record
/// known to be damaged, or to one of another length.
Result<std::optional<Location>> good_place(const RowStore& rows, PackSet& packs,
                                           const ChunkHash& chunk, std::uint32_t raw_bytes);

/// Whether some of the blob's bytes cannot be read as far as is known: they should be sent again.
/// False if the store does not hold it.
Result<bool> is_damaged(const RowStore& rows, PackSet& packs, const BlobId& id);
Result<bool> is_damaged(const RowStore& rows, PackSet& packs, const GitId& blob);

}  // namespace waag::storage
