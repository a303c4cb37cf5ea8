#pragma once

#include <map>
#include <mutex>

#include "storage/os/file_system.h"

namespace waag::storage {

/// One change that reached the disk's interface, or a mark of the test.
struct FileOp {
  enum class Kind : std::uint8_t {
    create_file,  // name durable after sync_dir of its folder
    create_dir,   // likewise
    write,
    truncate,     // offset = new size
    sync,         // of the file: everything written to it so far is durable
    failed_sync,  // of the file: what no sync had covered never will be, though it can be read
    rename,       // path -> to
    remove,
    sync_dir,
    mark,  // offset = the test's number: "by now this had been acknowledged"
  };
  Kind kind{Kind::mark};
  std::uint64_t file =
      0;  // which open-or-created file, the same for all handles of one inode; 0: none
  std::filesystem::path path;
  std::filesystem::path to;
  std::uint64_t offset = 0;
  Bytes bytes;
};

/// Passes everything on and logs each change in the order in which it happened. One that failed is
/// not logged, but what it left is: the bytes of a short write; that a sync failed, and the file's
/// size after it. From the log every state that a crash could have left can be built
/// (tests/support/crash_image.h).
///
/// Files that exist before recording starts must not be written to: the log must explain every
/// byte. Thread-safe; changes are serialised.
class RecordingFileSystem final : public FileSystem {
 public:
  explicit RecordingFileSystem(FileSystem& inner) : inner_(inner) {}

  /// Writes the test's number into the log: what is acknowledged here must survive a crash after
  /// it.
  void mark(std::uint64_t number);
  /// A copy of the log so far.
  [[nodiscard]] std::vector<FileOp> log() const;

  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) override;
  Status create_dir(const std::filesystem::path& path) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_dir(const std::filesystem::path& path) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override;

 private:
  class RecordedFile;

  FileSystem& inner_;
  mutable std::mutex mutex_;
  std::vector<FileOp> log_;
  std::uint64_t next_file_ = 1;
  std::map<std::filesystem::path, std::uint64_t> names_;  // live names of known files
};

}  // namespace waag::storage
