#pragma once

#include "storage/repo/reserve.h"
#include "storage/store.h"

namespace waag::storage {

/// Regular files up to this size are held and become one record; larger ones are chunked on the way
/// in (docs/decisions/0003).
inline constexpr std::size_t staged_bytes_max = 128u << 10;

/// All three must outlive the result.
std::unique_ptr<StagedFile> begin_staged_file(RowStore& rows, PackSet& packs,
                                              const Reserve& reserve);

}  // namespace waag::storage
