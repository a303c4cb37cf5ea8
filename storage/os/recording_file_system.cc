#include "storage/os/recording_file_system.h"

#include <utility>

namespace waag::storage {

class RecordingFileSystem::RecordedFile final : public File {
 public:
  RecordedFile(RecordingFileSystem& owner, std::unique_ptr<File> inner, std::uint64_t id,
               std::filesystem::path path)
      : owner_(owner), inner_(std::move(inner)), id_(id), path_(std::move(path)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    return inner_->read(offset, out);
  }
  Status write(std::uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(owner_.mutex_);
    auto written = inner_->write(offset, bytes);
    log(FileOp::Kind::write, offset,
        written ? Bytes(bytes.begin(), bytes.end()) : remains(offset, bytes.size()));
    return written;
  }
  Status sync() override {
    const std::lock_guard lock(owner_.mutex_);
    auto synced = inner_->sync();
    log(synced ? FileOp::Kind::sync : FileOp::Kind::failed_sync, 0, {});
    if (synced) return synced;
    // The file may have lost its end; a later sync makes that durable.
    if (const auto size_bytes = inner_->size()) log(FileOp::Kind::truncate, *size_bytes, {});
    return synced;
  }
  Status truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(owner_.mutex_);
    WAAG_CHECK(inner_->truncate(size_bytes));
    log(FileOp::Kind::truncate, size_bytes, {});
    return ok();
  }
  Result<std::uint64_t> size() const override { return inner_->size(); }
  int descriptor() const override { return inner_->descriptor(); }

 private:
  /// What can be read where a write failed.
  [[nodiscard]] Bytes remains(std::uint64_t offset, std::size_t bytes) const {
    Bytes found(bytes);
    const auto got = inner_->read(offset, found);
    found.resize(got ? *got : 0);
    return found;
  }
  void log(FileOp::Kind kind, std::uint64_t offset, Bytes bytes) {
    owner_.log_.push_back({kind, id_, path_, {}, offset, std::move(bytes)});
  }

  RecordingFileSystem& owner_;
  std::unique_ptr<File> inner_;
  std::uint64_t id_;
  std::filesystem::path path_;
};

void RecordingFileSystem::mark(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  log_.push_back({FileOp::Kind::mark, 0, {}, {}, number, {}});
}

std::vector<FileOp> RecordingFileSystem::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

Result<std::unique_ptr<File>> RecordingFileSystem::open(const std::filesystem::path& path,
                                                        OpenMode mode) {
  const std::lock_guard lock(mutex_);
  WAAG_TRY(auto inner, inner_.open(path, mode));
  const auto known = names_.find(path);
  const auto id = known != names_.end() ? known->second : next_file_++;
  names_[path] = id;
  if (mode == OpenMode::create_new)
    log_.push_back({FileOp::Kind::create_file, id, path, {}, 0, {}});
  return std::unique_ptr<File>(std::make_unique<RecordedFile>(*this, std::move(inner), id, path));
}

Status RecordingFileSystem::create_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const bool existed = inner_.exists(path);
  WAAG_CHECK(inner_.create_dir(path));
  if (!existed) log_.push_back({FileOp::Kind::create_dir, 0, path, {}, 0, {}});
  return ok();
}

Status RecordingFileSystem::rename(const std::filesystem::path& from,
                                   const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(inner_.rename(from, to));
  log_.push_back({FileOp::Kind::rename, 0, from, to, 0, {}});
  names_.erase(to);
  if (auto moved = names_.extract(from)) {
    moved.key() = to;
    names_.insert(std::move(moved));
  }
  return ok();
}

Status RecordingFileSystem::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(inner_.remove(path));
  log_.push_back({FileOp::Kind::remove, 0, path, {}, 0, {}});
  names_.erase(path);
  return ok();
}

Status RecordingFileSystem::sync_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(inner_.sync_dir(path));
  log_.push_back({FileOp::Kind::sync_dir, 0, path, {}, 0, {}});
  return ok();
}

Result<std::vector<std::string>> RecordingFileSystem::list(
    const std::filesystem::path& path) const {
  return inner_.list(path);
}

bool RecordingFileSystem::exists(const std::filesystem::path& path) const {
  return inner_.exists(path);
}

Result<std::uint64_t> RecordingFileSystem::free_bytes(const std::filesystem::path& path) const {
  return inner_.free_bytes(path);
}

}  // namespace waag::storage
