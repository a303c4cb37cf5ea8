#pragma once

#include <map>
#include <mutex>

#include "storage/os/file_system.h"

namespace waag::storage {

/// Passes everything on until its n-th changing operation (create, create_dir, write, truncate,
/// sync, rename, remove, sync_dir), which fails in one of five ways. Thread-safe.
class FailingFileSystem final : public FileSystem {
 public:
  enum class Failure : std::uint8_t {
    io_error,     // nothing of the operation happens: Errc::unavailable
    no_space,     // likewise: Errc::no_space
    short_write,  // of a write, the first half happens: Errc::no_space; else like io_error
    lost_sync,    // of a file's sync: what it had not yet synced is gone; else like io_error
    crash_stop,   // this and every later operation fails, reads too
  };
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  /// @param at  number of the operation that fails, from 0
  FailingFileSystem(FileSystem& inner, Failure failure, std::uint64_t at)
      : inner_(inner), failure_(failure), at_(at) {}

  /// Changing operations so far, the failed one included.
  [[nodiscard]] std::uint64_t operations() const;
  /// Sets the next failure: `after` operations from now.
  void arm(Failure failure, std::uint64_t after);

  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) override;
  Status create_dir(const std::filesystem::path& path) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_dir(const std::filesystem::path& path) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override;

 private:
  class FailingFile;
  struct Unsynced;

  /// Counts one changing operation. @return the failure if it is this one's turn
  Status count();
  [[nodiscard]] Status alive() const;

  FileSystem& inner_;
  mutable std::mutex mutex_;
  Failure failure_;
  std::uint64_t at_;
  std::uint64_t operations_ = 0;
  bool stopped_ = false;
  std::map<std::filesystem::path, std::shared_ptr<Unsynced>> unsynced_;
};

}  // namespace waag::storage
