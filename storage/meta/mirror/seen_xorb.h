#pragma once

#include <map>

#include "storage/meta/blob_rows.h"
#include "storage/meta/row_codec.h"

namespace waag::storage {

/// What an upstream has sent of one of its xorbs: the chunk's number in it -> the chunk. Sparse, as
/// only what a file needs is fetched.
using SeenXorb = std::map<std::uint32_t, XorbChunk>;

/// Numbers of chunks are smaller. Source: XET 3.1.
inline constexpr std::uint32_t seen_chunks_max = 8192;

std::string encode_seen_xorb(const SeenXorb& row);
/// Errc::corrupt unless `value` is what encode_seen_xorb() writes.
Result<SeenXorb> decode_seen_xorb(std::string_view value);

}  // namespace waag::storage
