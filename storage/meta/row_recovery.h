#pragma once

#include <memory>

#include "storage/journal/journal.h"
#include "storage/meta/index/rocks.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// A journal and an index that says the same.
struct RecoveredRows {
  std::unique_ptr<journal::Journal> journal;
  std::shared_ptr<RocksIndex> index;
};

/// Reads the journal, tells `packs` their ends, and brings the index to the journal's end: from
/// where it stands, or from nothing if it is missing, unreadable, older than the checkpoint or
/// newer than the journal. Errc::corrupt if the journal has lost something that had been
/// acknowledged.
Result<RecoveredRows> recover_rows(FileSystem& fs, PackSet& packs,
                                   const RowStore::Options& options);

}  // namespace waag::storage
