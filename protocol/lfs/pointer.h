#pragma once

#include <cstdint>
#include <string>

#include "protocol/ids.h"

namespace waag::lfs {

/// What stands in a git tree for a large file.
struct LfsPointer {
  BlobId oid;
  std::uint64_t size_bytes = 0;

  bool operator==(const LfsPointer&) const = default;
};

/// A file of this size or more is never a pointer. Source: git-lfs, docs/spec.md.
inline constexpr std::size_t pointer_bytes_limit = 1024;

/// Reads a pointer: version line first, then keys; lines of extensions ("ext-0-name") are accepted,
/// so is a missing newline at the end. Anything else is an ordinary file.
/// @return Errc::unprocessable if the bytes are no pointer
/// Source: git-lfs, docs/spec.md; HUB_API 7.4.
Result<LfsPointer> parse_pointer(ByteView file);

/// The canonical bytes, whose git blob id is the tree entry's.
std::string serialize_pointer(const LfsPointer& pointer);

/// Size in bytes of the canonical pointer to a file of `size_bytes`: what the Hub calls
/// pointerSize.
std::size_t pointer_bytes(std::uint64_t size_bytes);

}  // namespace waag::lfs
