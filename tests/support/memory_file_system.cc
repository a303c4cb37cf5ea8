#include "tests/support/memory_file_system.h"

#include <algorithm>
#include <thread>

namespace waag::testing {

using storage::File;
using storage::OpenMode;

class MemoryFileSystem::MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& fs, std::shared_ptr<Node> node) : fs_(fs), node_(std::move(node)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::lock_guard lock(node_->mutex);
    if (offset >= node_->bytes.size()) return std::size_t{0};
    const auto count = std::min<std::size_t>(out.size(), node_->bytes.size() - offset);
    std::copy_n(node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    return count;
  }

  Status write(std::uint64_t offset, ByteView bytes) override {
    const std::lock_guard fs_lock(fs_.mutex_);
    const std::lock_guard lock(node_->mutex);
    const auto end = offset + bytes.size();
    const auto grows = end > node_->bytes.size() ? end - node_->bytes.size() : 0;
    const auto room = fs_.space_bytes_ - std::min(fs_.space_bytes_, fs_.used_bytes_);
    const bool full = grows > room;
    if (full) bytes = bytes.first(bytes.size() - std::min<std::size_t>(bytes.size(), grows - room));
    if (offset + bytes.size() > node_->bytes.size()) {
      fs_.used_bytes_ += offset + bytes.size() - node_->bytes.size();
      node_->bytes.resize(offset + bytes.size());
    }
    std::copy(bytes.begin(), bytes.end(),
              node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    if (full) return fail(Errc::no_space, "memory file system is full");
    return ok();
  }

  Status sync() override {
    if (const auto time = fs_.sync_time_.load(); time.count() > 0)
      std::this_thread::sleep_for(time);
    const std::lock_guard fs_lock(fs_.mutex_);
    ++fs_.syncs_;
    if (fs_.failing_syncs_ == 0) return ok();
    --fs_.failing_syncs_;
    return fail(Errc::unavailable, "sync fails as told");
  }

  Status truncate(std::uint64_t size_bytes) override {
    const std::lock_guard fs_lock(fs_.mutex_);
    const std::lock_guard lock(node_->mutex);
    fs_.used_bytes_ = fs_.used_bytes_ + size_bytes - node_->bytes.size();
    node_->bytes.resize(size_bytes);
    return ok();
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(node_->mutex);
    return std::uint64_t{node_->bytes.size()};
  }

  int descriptor() const override { return -1; }

 private:
  MemoryFileSystem& fs_;
  std::shared_ptr<Node> node_;
};

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::filesystem::path& path,
                                                     OpenMode mode) {
  const std::lock_guard lock(mutex_);
  auto at = nodes_.find(path);
  if (mode == OpenMode::create_new) {
    if (at != nodes_.end()) return fail(Errc::conflict, path.string() + " exists");
    if (!folders_.contains(path.parent_path())) return fail(Errc::not_found, "no such folder");
    at = nodes_.emplace(path, std::make_shared<Node>()).first;
  }
  if (at == nodes_.end()) return fail(Errc::not_found, path.string());
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, at->second));
}

Status MemoryFileSystem::create_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  folders_[path] = true;
  return ok();
}

Status MemoryFileSystem::rename(const std::filesystem::path& from,
                                const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  const auto at = nodes_.find(from);
  if (at == nodes_.end()) return fail(Errc::not_found, from.string());
  nodes_[to] = at->second;
  nodes_.erase(at);
  return ok();
}

Status MemoryFileSystem::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  if (nodes_.erase(path) + folders_.erase(path) == 0) return fail(Errc::not_found, path.string());
  return ok();
}

Status MemoryFileSystem::sync_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  return folders_.contains(path) ? ok() : Status(fail(Errc::not_found, path.string()));
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  if (!folders_.contains(path)) return fail(Errc::not_found, path.string());
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_)
    if (name.parent_path() == path) names.push_back(name.filename().string());
  for (const auto& [name, is_folder] : folders_)
    if (name.parent_path() == path && name != path) names.push_back(name.filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

bool MemoryFileSystem::exists(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return nodes_.contains(path) || folders_.contains(path);
}

Result<std::uint64_t> MemoryFileSystem::free_bytes(const std::filesystem::path&) const {
  const std::lock_guard lock(mutex_);
  return space_bytes_ - std::min(space_bytes_, used_bytes_);
}

std::map<std::filesystem::path, Bytes> MemoryFileSystem::files() const {
  const std::lock_guard lock(mutex_);
  std::map<std::filesystem::path, Bytes> all;
  for (const auto& [path, node] : nodes_) {
    const std::lock_guard node_lock(node->mutex);
    all[path] = node->bytes;
  }
  return all;
}

void MemoryFileSystem::put(const std::filesystem::path& path, Bytes bytes) {
  const std::lock_guard lock(mutex_);
  for (auto folder = path.parent_path(); !folder.empty() && folder != folder.parent_path();
       folder = folder.parent_path())
    folders_[folder] = true;
  auto node = std::make_shared<Node>();
  used_bytes_ += bytes.size();
  node->bytes = std::move(bytes);
  nodes_[path] = std::move(node);
}

void MemoryFileSystem::set_space(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  space_bytes_ = bytes;
}

std::uint64_t MemoryFileSystem::syncs() const {
  const std::lock_guard lock(mutex_);
  return syncs_;
}

void MemoryFileSystem::fail_syncs(std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  failing_syncs_ = count;
}

void MemoryFileSystem::set_sync_time(std::chrono::microseconds time) { sync_time_ = time; }

}  // namespace waag::testing
