#pragma once

#include "storage/blob_reader.h"

namespace waag::storage {

/// A xorb as reconstructions describe it: each chunk plain behind its header of 8 bytes, no footer.
/// Errc::not_found.
Result<std::unique_ptr<BlobReader>> open_xorb(RowStore& rows, PackSet& packs, const XorbHash& xorb);

}  // namespace waag::storage
