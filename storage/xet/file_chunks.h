#pragma once

#include <vector>

#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// Neighbours in a file.
struct FileChunks {
  std::uint64_t at = 0;  // where in the file the first one begins
  std::vector<XorbChunk> chunks;
};

/// The chunks that make up a blob from `begin` to `end`, and others around them. Blocks.
/// Errc::not_found.
Result<FileChunks> file_chunks(const RowStore& rows, const BlobId& blob, std::uint64_t begin,
                               std::uint64_t end);

}  // namespace waag::storage
