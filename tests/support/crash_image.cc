#include "tests/support/crash_image.h"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace waag::testing {
namespace {

using storage::FileOp;
using Kind = FileOp::Kind;
using Path = std::filesystem::path;

bool changes_content(const FileOp& op) {
  return op.kind == Kind::write || op.kind == Kind::truncate;
}

bool changes_name(const FileOp& op) {
  return op.kind == Kind::create_file || op.kind == Kind::create_dir || op.kind == Kind::rename ||
         op.kind == Kind::remove;
}

void write(Bytes& content, std::uint64_t offset, ByteView bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// Decides what of one image's uncovered operations survives.
class Fate {
 public:
  Fate(Survival survival, std::uint64_t seed)
      : survival_(survival), random_(seed), odds_(1 + static_cast<unsigned>(random_() % 7)) {}

  bool survives() {
    if (survival_ == Survival::all) return true;
    if (survival_ == Survival::none) return false;
    return random_() % 8 < odds_;
  }
  /// Puts down the sectors of a surviving write that survive.
  void put(Bytes& content, std::uint64_t offset, ByteView bytes) {
    const std::uint64_t sector = survival_ == Survival::torn_512    ? 512
                                 : survival_ == Survival::torn_4096 ? 4096
                                                                    : 0;
    if (sector == 0) return write(content, offset, bytes);
    while (!bytes.empty()) {
      const auto count = std::min<std::uint64_t>(bytes.size(), sector - offset % sector);
      if (survives()) write(content, offset, bytes.first(count));
      bytes = bytes.subspan(count);
      offset += count;
    }
  }

 private:
  Survival survival_;
  std::mt19937_64 random_;
  unsigned odds_;  // of 8
};

}  // namespace

void DiskImage::restore(storage::FileSystem& fs) const {
  const auto check = [](const Status& status) {
    if (!status) throw std::runtime_error("image: " + status.error().what);
  };
  for (const auto& folder : folders) check(fs.create_dir(folder));  // sorted: parents first
  for (const auto& [path, content] : files) {
    auto file = fs.open(path, storage::OpenMode::create_new);
    if (!file) throw std::runtime_error("image: " + file.error().what);
    check((*file)->write(0, content));
  }
}

CrashImages::CrashImages(std::vector<FileOp> log, std::set<Path> existing)
    : log_(std::move(log)),
      existing_(std::move(existing)),
      covered_by_(log_.size(), log_.size() + 1),
      moved_(log_.size(), 0) {
  std::map<std::uint64_t, std::size_t> file_sync;  // from the back: the next sync of each file
  std::map<Path, std::size_t> dir_sync;
  const auto next = [this](const auto& syncs, const auto& key) {
    const auto found = syncs.find(key);
    return found == syncs.end() ? log_.size() + 1 : found->second;
  };
  for (std::size_t i = log_.size(); i-- > 0;) {
    const auto& op = log_[i];
    if (op.kind == Kind::sync) file_sync[op.file] = i;
    if (op.kind == Kind::failed_sync) file_sync.erase(op.file);
    if (op.kind == Kind::sync_dir) dir_sync[op.path] = i;
    if (changes_content(op)) covered_by_[i] = next(file_sync, op.file);
    if (changes_name(op)) covered_by_[i] = next(dir_sync, op.path.parent_path());
    if (op.kind == Kind::rename)
      covered_by_[i] = std::max(covered_by_[i], next(dir_sync, op.to.parent_path()));
  }
  std::map<Path, std::uint64_t> names;
  for (std::size_t i = 0; i < log_.size(); ++i) {
    const auto& op = log_[i];
    if (op.kind == Kind::create_file) names[op.path] = op.file;
    if (op.kind == Kind::remove) names.erase(op.path);
    if (op.kind != Kind::rename) continue;
    if (!names.contains(op.path)) throw std::runtime_error("image: only files can be renamed");
    moved_[i] = names[op.path];
    names.erase(op.path);
    names[op.to] = moved_[i];
  }
}

DiskImage CrashImages::at(std::size_t cut, Survival survival, std::uint64_t seed) const {
  Fate fate(survival, seed);
  std::set<Path> folders = existing_;
  std::map<Path, std::uint64_t> names;
  std::map<std::uint64_t, Bytes> contents;
  for (std::size_t i = 0; i < cut; ++i) {
    const auto& op = log_[i];
    const bool covered = covered_by_[i] < cut;
    if (!changes_content(op) && !changes_name(op)) continue;
    if (!covered && !fate.survives()) continue;
    if (op.kind == Kind::write) {
      if (covered)
        write(contents[op.file], op.offset, op.bytes);
      else
        fate.put(contents[op.file], op.offset, op.bytes);
    }
    if (op.kind == Kind::truncate) contents[op.file].resize(op.offset);
    if (op.kind == Kind::create_dir) folders.insert(op.path);
    if (op.kind == Kind::create_file) names[op.path] = op.file;
    if (op.kind == Kind::remove) names.erase(op.path), folders.erase(op.path);
    if (op.kind == Kind::rename) names.erase(op.path), names[op.to] = moved_[i];
  }
  DiskImage image;
  for (const auto& folder : folders)  // sorted: a folder whose parent is lost is lost too
    if (existing_.contains(folder) || image.folders.contains(folder.parent_path()))
      image.folders.insert(folder);
  for (const auto& [path, file] : names)
    if (image.folders.contains(path.parent_path())) image.files[path] = contents[file];
  return image;
}

std::vector<CrashImages::Pick> CrashImages::picks(std::uint64_t seed) const {
  std::vector<Pick> all;
  for (std::size_t cut = 0; cut < cuts(); ++cut)
    for (const auto survival : all_survivals) all.push_back({cut, survival});
  std::shuffle(all.begin(), all.end(), std::mt19937_64(seed));
  return all;
}

std::vector<std::uint64_t> CrashImages::marks(std::size_t cut) const {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < cut; ++i)
    if (log_[i].kind == Kind::mark) numbers.push_back(log_[i].offset);
  return numbers;
}

}  // namespace waag::testing
