#pragma once

#include <map>
#include <span>

#include "protocol/xet/reconstruction.h"
#include "storage/meta/mirror/seen_xorb.h"
#include "storage/xet/file_chunks.h"

namespace waag::daemon {

/// Which chunks stand where in an upstream's xorbs, from its plan for a part of a file whose chunks
/// are known: for bytes that came by another road. A term counts only if as many chunks as it names
/// fill it exactly; others are left out.
/// @param begin  where in the file the first term begins
std::map<XorbHash, storage::SeenXorb> chunks_of_terms(const storage::FileChunks& file,
                                                      std::uint64_t begin,
                                                      std::span<const xet::PlanTerm> terms);

}  // namespace waag::daemon
