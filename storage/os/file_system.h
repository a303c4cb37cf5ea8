#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "protocol/bytes.h"

namespace waag::storage {

/// Alignment that direct writes need. Source: open(2); larger than any logical block in use.
inline constexpr std::size_t direct_block_bytes = 4096;

/// One open file. Positions are explicit: no file has a cursor. Thread-safe for reads; writes and
/// sync of one file are the caller's to order.
class File {
 public:
  virtual ~File() = default;
  /// Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const = 0;
  /// Writes all of `bytes` at `offset`, extending the file if needed. Errc::no_space when the disk
  /// is full.
  virtual Status write(std::uint64_t offset, ByteView bytes) = 0;
  /// From now on writes at multiples of direct_block_bytes (offset, length and address) may go past
  /// the page cache: less than a tenth of the CPU, and served bytes are not pushed out of it.
  /// Others are written as before. Ignored where the file system cannot.
  virtual void prefer_direct_writes() {}
  /// fdatasync. After a failure the file's unsynced bytes must be taken for lost: never retried.
  virtual Status sync() = 0;
  virtual Status truncate(std::uint64_t size_bytes) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  /// The descriptor for mmap and sendfile, or -1 if this file system has none.
  [[nodiscard]] virtual int descriptor() const = 0;
};

enum class OpenMode : std::uint8_t {
  read,        // must exist
  write,       // must exist
  create_new,  // must not exist (O_EXCL)
};

/// The injectable seam under packs and journal: real (posix), recording and failing ones exist.
/// Names are durable only after sync_dir of their folder. Source: RELIABILITY 2.2.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) = 0;
  virtual Status create_dir(const std::filesystem::path& path) = 0;  // ok if it exists
  virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual Status remove(const std::filesystem::path& path) = 0;
  virtual Status sync_dir(const std::filesystem::path& path) = 0;
  /// Names (not paths) of the entries, sorted.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& path) const = 0;
  [[nodiscard]] virtual bool exists(const std::filesystem::path& path) const = 0;
  [[nodiscard]] virtual Result<std::uint64_t> free_bytes(
      const std::filesystem::path& path) const = 0;
};

/// The machine's own file system.
std::unique_ptr<FileSystem> make_posix_file_system();

}  // namespace waag::storage
