#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "storage/fill/intervals.h"
#include "storage/os/file_system.h"

namespace waag::storage {

/// Part of a file that is on its way from an upstream: bytes come in any order, each is written
/// once, and whoever follows reads what is there. It survives the process; what it holds is proven
/// only when all of it is there and hashes right.
///
///   NAME.part  the bytes, at their places
///   NAME.have  log of the stretches that were written: "waag fill 1\n", boot id NUL, size, then
///              records (begin, end, CRC-32C); begin = end = 2^64-1: what stands before is synced
///
/// A record follows its bytes into the page cache, so after the end of the process alone all of
/// them hold. After another boot only those before the last mark of a sync do.
/// Thread-safe.
class FillFile {
 public:
  /// What is kept of an earlier fill of that name and size, or nothing.
  /// @param boot_id  of the running system: what it is tells whether the page cache was lost
  static Result<std::unique_ptr<FillFile>> open(FileSystem& fs, const std::filesystem::path& folder,
                                                const std::string& name, std::uint64_t size_bytes,
                                                std::string_view boot_id);
  ~FillFile() = default;
  FillFile(const FillFile&) = delete;
  FillFile& operator=(const FillFile&) = delete;

  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  /// Puts bytes that lie within the file; readers see them at once.
  Status write(std::uint64_t offset, ByteView bytes);
  /// Notes what was written since the last note, so that it outlives the process.
  Status note(Stretch written);
  /// Bytes that are there: up to out.size(), none if that at `offset` is missing.
  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const;
  [[nodiscard]] std::uint64_t end_from(std::uint64_t at) const;
  [[nodiscard]] std::optional<Stretch> gap(std::uint64_t at, std::uint64_t end) const;
  [[nodiscard]] std::uint64_t bytes() const;
  /// What was noted outlives the machine too.
  Status sync();
  /// Nothing is there any more: all of it was wrong. No write may be under way.
  Status clear();
  /// Takes the names away; who has it open can read on.
  Status remove();

 private:
  FillFile(FileSystem& fs, std::filesystem::path part, std::filesystem::path have,
           std::uint64_t size_bytes)
      : fs_(fs),
        part_path_(std::move(part)),
        have_path_(std::move(have)),
        size_bytes_(size_bytes) {}
  Status resume(std::string_view boot_id);
  Status begin(std::string_view boot_id);
  [[nodiscard]] Result<std::string> read_log() const;
  Status append(std::uint64_t begin, std::uint64_t end);

  FileSystem& fs_;
  const std::filesystem::path part_path_;
  const std::filesystem::path have_path_;
  const std::uint64_t size_bytes_;
  std::unique_ptr<File> part_;
  mutable std::mutex mutex_;  // guards all below
  Intervals there_;
  std::unique_ptr<File> have_;
  std::uint64_t log_end_ = 0;
  std::uint64_t head_bytes_ = 0;  // of the log
  bool noted_since_sync_ = false;
};

/// The running system's, of the kernel; "" if it does not say.
std::string boot_id();

}  // namespace waag::storage
