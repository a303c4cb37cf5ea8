#pragma once

#include <memory>

#include "storage/pack/codec.h"
#include "storage/pack/format.h"

namespace waag::storage::pack {

/// Memory aligned to block_bytes, as O_DIRECT wants it. Grows; never shrinks; not zeroed.
class AlignedBuffer {
 public:
  /// Room for `bytes`; what was in it is lost if it grows.
  std::span<std::byte> reserve(std::size_t bytes);

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept;
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t bytes_ = 0;
};

/// Lays out one group in memory: encodes each record, decodes what was encoded and compares, and
/// puts the directory in front. Reusable; holds one group.
class GroupBuilder {
 public:
  /// Bytes of the group at most, before it is known what encoding saves.
  static std::uint64_t bytes_max(std::span<const RecordIn> records, PackClass kind);

  /// @param begin  where the group will stand in the file; a multiple of block_bytes
  /// Errc::invalid_argument for no record, too many or a too large one; Errc::corrupt if what was
  /// put into the buffer does not read back (bad memory): nothing of it may be written.
  Status build(const PackHead& pack, std::uint32_t begin, std::uint32_t first_record,
               std::span<const RecordIn> records);

  [[nodiscard]] const GroupPlace& place() const { return place_; }
  [[nodiscard]] const std::vector<DirectoryEntry>& entries() const { return entries_; }
  /// The group's bytes, a multiple of block_bytes, valid until the next build().
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  Status put(const RecordIn& record, std::span<std::byte> out, DirectoryEntry& entry);

  AlignedBuffer buffer_;
  Bytes decoded_;
  Encoder encoder_;
  GroupPlace place_;
  std::vector<DirectoryEntry> entries_;
  ByteView bytes_;
};

}  // namespace waag::storage::pack
