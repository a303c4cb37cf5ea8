#include "tests/support/memory_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace waag::testing {

using storage::File;
using storage::OpenMode;

struct MemoryFileSystem::Node {
  mutable std::mutex mutex;
  Bytes bytes;
};

class MemoryFileSystem::MemoryFile final : public File {
 public:
  explicit MemoryFile(std::shared_ptr<Node> node) : node_(std::move(node)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    const std::lock_guard lock(node_->mutex);
    if (offset >= node_->bytes.size()) return std::size_t{0};
    const auto count = std::min<std::uint64_t>(out.size(), node_->bytes.size() - offset);
    std::copy_n(node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    return count;
  }
  Status write(std::uint64_t offset, ByteView bytes) override {
    const std::lock_guard lock(node_->mutex);
    if (node_->bytes.size() < offset + bytes.size()) node_->bytes.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(),
              node_->bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return ok();
  }
  Status sync() override { return ok(); }
  Status truncate(std::uint64_t size_bytes) override {
    const std::lock_guard lock(node_->mutex);
    node_->bytes.resize(size_bytes);
    return ok();
  }
  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(node_->mutex);
    return std::uint64_t{node_->bytes.size()};
  }
  int descriptor() const override { return -1; }

 private:
  std::shared_ptr<Node> node_;
};

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::filesystem::path& path,
                                                     OpenMode mode) {
  const std::lock_guard lock(mutex_);
  auto found = nodes_.find(path);
  if (mode == OpenMode::create_new) {
    if (found != nodes_.end()) return fail(Errc::conflict, "exists: " + path.string());
    const auto parent = path.parent_path();
    const auto folder = nodes_.find(parent);
    if (parent != "/" && (folder == nodes_.end() || folder->second))
      return fail(Errc::not_found, "no folder: " + parent.string());
    found = nodes_.emplace(path, std::make_shared<Node>()).first;
  }
  if (found == nodes_.end() || !found->second)
    return fail(Errc::not_found, "no file: " + path.string());
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(found->second));
}

Status MemoryFileSystem::create_dir(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const auto parent = path.parent_path();
  const auto folder = nodes_.find(parent);
  if (parent != "/" && (folder == nodes_.end() || folder->second))
    return fail(Errc::not_found, "no folder: " + parent.string());
  const auto [node, made] = nodes_.emplace(path, nullptr);
  if (!made && node->second) return fail(Errc::conflict, "a file: " + path.string());
  return ok();
}

Status MemoryFileSystem::rename(const std::filesystem::path& from,
                                const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  std::map<std::filesystem::path, std::shared_ptr<Node>> moved;
  for (const auto& [path, node] : nodes_) {
    const auto relative = path.lexically_relative(from);
    const bool below = !relative.empty() && *relative.begin() != "..";
    if (below) moved[relative == "." ? to : to / relative] = node;
  }
  if (moved.empty()) return fail(Errc::not_found, "no file: " + from.string());
  std::erase_if(nodes_, [&](const auto& entry) {
    const auto relative = entry.first.lexically_relative(from);
    return !relative.empty() && *relative.begin() != "..";
  });
  for (auto& [path, node] : moved) nodes_[path] = node;
  return ok();
}

Status MemoryFileSystem::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return fail(Errc::not_found, "no file: " + path.string());
  const auto below = std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& entry) {
    return entry.first.parent_path() == path;
  });
  if (below) return fail(Errc::unavailable, "folder is not empty: " + path.string());
  nodes_.erase(found);
  return ok();
}

Status MemoryFileSystem::sync_dir(const std::filesystem::path& path) {
  return exists(path) ? ok() : Status(fail(Errc::not_found, "no folder: " + path.string()));
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [each, node] : nodes_)
    if (each.parent_path() == path && each != path) names.push_back(each.filename().string());
  if (names.empty() && path != "/" && !nodes_.contains(path))
    return fail(Errc::not_found, "no folder: " + path.string());
  std::sort(names.begin(), names.end());
  return names;
}

bool MemoryFileSystem::exists(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return path == "/" || nodes_.contains(path);
}

Result<std::uint64_t> MemoryFileSystem::free_bytes(const std::filesystem::path&) const {
  return free_bytes_;
}

Bytes MemoryFileSystem::content(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(path);
  return found == nodes_.end() || !found->second ? Bytes{} : found->second->bytes;
}

void MemoryFileSystem::put_dir(const std::filesystem::path& path) {
  if (path == "/" || path.empty()) return;
  put_dir(path.parent_path());
  const std::lock_guard lock(mutex_);
  nodes_.emplace(path, nullptr);
}

void MemoryFileSystem::put(const std::filesystem::path& path, Bytes content) {
  put_dir(path.parent_path());
  const std::lock_guard lock(mutex_);
  auto node = std::make_shared<Node>();
  node->bytes = std::move(content);
  nodes_[path] = std::move(node);
}

}  // namespace waag::testing
