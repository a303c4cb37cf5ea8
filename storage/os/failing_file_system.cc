#include "storage/os/failing_file_system.h"

#include <utility>

namespace waag::storage {

/// What one file held before the writes that it has not synced yet, newest last.
struct FailingFileSystem::Unsynced {
  struct Undo {
    std::uint64_t offset = 0;
    Bytes before;
    std::uint64_t size_before = 0;
  };
  std::vector<Undo> undos;

  Status note(const File& file, std::uint64_t offset, std::uint64_t bytes) {
    Undo undo{offset, Bytes(bytes), 0};
    WAAG_TRY(undo.size_before, file.size());
    WAAG_TRY(const auto got, file.read(offset, undo.before));
    undo.before.resize(got);
    undos.push_back(std::move(undo));
    return ok();
  }
  Status roll_back(File& file) {
    for (; !undos.empty(); undos.pop_back()) {
      WAAG_CHECK(file.write(undos.back().offset, undos.back().before));
      WAAG_CHECK(file.truncate(undos.back().size_before));
    }
    return ok();
  }
};

class FailingFileSystem::FailingFile final : public File {
 public:
  FailingFile(FailingFileSystem& owner, std::unique_ptr<File> inner,
              std::shared_ptr<Unsynced> unsynced)
      : owner_(owner), inner_(std::move(inner)), unsynced_(std::move(unsynced)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::lock_guard lock(owner_.mutex_);
    WAAG_CHECK(owner_.alive());
    return inner_->read(offset, out);
  }

  Status write(std::uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(owner_.mutex_);
    auto counted = owner_.count();
    if (!counted && owner_.failure_ != Failure::short_write) return counted;
    const auto part = counted ? bytes : bytes.first(bytes.size() / 2);
    WAAG_CHECK(unsynced_->note(*inner_, offset, part.size()));
    WAAG_CHECK(inner_->write(offset, part));
    if (!counted) return fail(Errc::no_space, "injected: short write");
    return ok();
  }

  Status sync() override {
    const std::lock_guard lock(owner_.mutex_);
    if (auto counted = owner_.count(); !counted) {
      if (owner_.failure_ == Failure::lost_sync) WAAG_CHECK(unsynced_->roll_back(*inner_));
      return counted;
    }
    WAAG_CHECK(inner_->sync());
    unsynced_->undos.clear();
    return ok();
  }

  Status truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(owner_.mutex_);
    WAAG_CHECK(owner_.count());
    WAAG_TRY(const auto size, inner_->size());
    WAAG_CHECK(unsynced_->note(*inner_, size_bytes, size > size_bytes ? size - size_bytes : 0));
    return inner_->truncate(size_bytes);
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(owner_.mutex_);
    WAAG_CHECK(owner_.alive());
    return inner_->size();
  }
  int descriptor() const override { return inner_->descriptor(); }

 private:
  FailingFileSystem& owner_;
  std::unique_ptr<File> inner_;
  std::shared_ptr<Unsynced> unsynced_;
};

std::uint64_t FailingFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

void FailingFileSystem::arm(Failure failure, std::uint64_t after) {
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  at_ = operations_ + after;
}

Status FailingFileSystem::alive() const {
  if (stopped_) return fail(Errc::unavailable, "injected: the machine has stopped");
  return ok();
}

Status FailingFileSystem::count() {
  WAAG_CHECK(alive());
  if (operations_++ != at_) return ok();
  stopped_ = failure_ == Failure::crash_stop;
  if (failure_ == Failure::no_space) return fail(Errc::no_space, "injected: no space");
  return fail(Errc::unavailable, "injected: input/output error");
}

Result<std::unique_ptr<File>> FailingFileSystem::open(const std::filesystem::path& path,
                                                      OpenMode mode) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(alive());
  if (mode == OpenMode::create_new) WAAG_CHECK(count());
  WAAG_TRY(auto inner, inner_.open(path, mode));
  auto& unsynced = unsynced_[path];
  if (!unsynced) unsynced = std::make_shared<Unsynced>();
  return std::unique_ptr<File>(std::make_unique<FailingFile>(*this, std::move(inner), unsynced));
}

Status FailingFileSystem::create_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(count());
  return inner_.create_dir(path);
}

Status FailingFileSystem::rename(const std::filesystem::path& from,
                                 const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(count());
  WAAG_CHECK(inner_.rename(from, to));
  unsynced_.erase(to);
  if (auto moved = unsynced_.extract(from)) {
    moved.key() = to;
    unsynced_.insert(std::move(moved));
  }
  return ok();
}

Status FailingFileSystem::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(count());
  WAAG_CHECK(inner_.remove(path));
  unsynced_.erase(path);
  return ok();
}

Status FailingFileSystem::sync_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(count());
  return inner_.sync_dir(path);
}

Result<std::vector<std::string>> FailingFileSystem::list(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(alive());
  return inner_.list(path);
}

bool FailingFileSystem::exists(const std::filesystem::path& path) const {
  return inner_.exists(path);
}

Result<std::uint64_t> FailingFileSystem::free_bytes(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  WAAG_CHECK(alive());
  return inner_.free_bytes(path);
}

}  // namespace waag::storage
