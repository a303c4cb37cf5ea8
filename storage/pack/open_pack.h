#pragma once

#include <atomic>
#include <mutex>

#include "storage/pack/group_builder.h"
#include "storage/pack/pack_file.h"

namespace waag::storage::pack {

/// A pack that is still appended to. One thread at a time appends or seals (it holds the lease, see
/// PackSet); sync, read and directory may come from any.
class OpenPack {
 public:
  /// Makes the file, its head, and its name durable.
  static Result<std::shared_ptr<OpenPack>> create(FileSystem& fs,
                                                  const std::filesystem::path& packs,
                                                  const PackHead& head);
  /// Continues a file that a process left open.
  /// @param extents  what the journal says of this pack; after the last of them all is garbage
  /// @return nullptr if there was nothing in it and it was removed
  static Result<std::shared_ptr<OpenPack>> recover(FileSystem& fs,
                                                   const std::filesystem::path& packs, PackId pack,
                                                   std::vector<PackExtent> extents);

  /// Groups are written past the page cache from now on. Small objects are not: they are read
  /// again at once, and their groups are small.
  void prefer_direct_writes() {
    if (kind() == PackClass::chunks) writer_->prefer_direct_writes();
  }

  [[nodiscard]] PackId id() const { return head_.pack; }
  [[nodiscard]] PackClass kind() const { return head_.kind; }
  /// False once a write or sync failed in a way that leaves the file's state unknown, or it was
  /// found damaged: what is in it stays readable, nothing is appended.
  [[nodiscard]] bool writable() const { return writable_; }
  [[nodiscard]] std::uint32_t end() const;
  [[nodiscard]] std::uint32_t records() const;

  // --- by the holder of the lease ---
  /// Builds a group with `builder` and writes it. A failed write is cut off again.
  Result<PackExtent> append(GroupBuilder& builder, std::span<const RecordIn> records);
  /// Writes the footer, syncs, renames, makes the new name durable.
  Status seal();

  // --- by anyone ---
  /// Makes everything before `end` durable. After a failure nothing not yet durable ever will be.
  Status sync(std::uint32_t end);
  [[nodiscard]] std::shared_ptr<const File> file() const { return reader_; }
  [[nodiscard]] std::shared_ptr<const PackDirectory> directory() const;

 private:
  OpenPack(FileSystem& fs, const std::filesystem::path& packs, const PackHead& head)
      : fs_(fs), packs_(packs), head_(head) {}
  Status make();
  /// Puts right what a failed write or an earlier process left. Before every change.
  Status repair();

  FileSystem& fs_;
  std::filesystem::path packs_;
  PackHead head_;
  std::unique_ptr<File> writer_;  // changes under io_mutex_
  std::shared_ptr<const File> reader_;
  std::atomic<bool> writable_{true};

  std::mutex io_mutex_;            // orders writes and syncs of the file
  std::uint32_t durable_end_ = 0;  // under io_mutex_
  bool tail_is_garbage_ = false;   // under io_mutex_: cut before the next change
  bool head_is_proven_ = true;     // under io_mutex_: if not, written again with the next change

  mutable std::mutex mutex_;  // what follows
  std::uint32_t end_ = head_bytes;
  std::vector<GroupPlace> places_;
  std::vector<DirectoryEntry> entries_;
  mutable std::shared_ptr<const PackDirectory> snapshot_;  // of entries_; stale if shorter
};

}  // namespace waag::storage::pack
