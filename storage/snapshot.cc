#include "storage/snapshot.h"

#include <algorithm>

#include "storage/git/object_cache.h"

namespace waag::storage {
namespace {

/// Trees deeper than checked paths can be come from outside; a listing must not follow them for
/// ever.
constexpr std::size_t depth_max = 1024;

std::string join(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty()) path += '/';
  return path.append(name);
}

/// @param facts  of the tree that `line` is in
Result<TreeEntry> entry_of(const Tree& tree, const TreeLine& line, std::string path,
                           FactsReader& facts) {
  TreeEntry entry;
  entry.type = line.is_directory() ? TreeEntry::Type::directory : TreeEntry::Type::file;
  entry.path = std::move(path);
  entry.mode = line.mode;
  entry.oid = line.id;
  if (line.is_directory()) return entry;
  WAAG_TRY(auto found, facts.at(static_cast<std::size_t>(&line - tree.lines.data())));
  entry.size_bytes = found.size_bytes;
  entry.lfs = std::move(found.lfs);
  return entry;
}

/// One listing: depth first, from behind a given path on.
class Lister {
 public:
  Lister(ObjectCache& objects, bool recursive, std::size_t limit, ListOrder order)
      : objects_(objects), recursive_(recursive), limit_(limit), order_(order) {}

  /// @param after  path of the last entry seen, relative to `folder`; "" from the start
  Status list(const GitId& tree_id, std::string_view folder, std::string_view after,
              std::size_t depth) {
    if (depth > depth_max) return fail(Errc::corrupt, "tree too deep");
    WAAG_TRY(const auto tree, objects_.tree(tree_id));
    auto from = tree->lines.begin();
    bool folders_done = false;
    if (!after.empty()) {
      const auto slash = after.find('/');
      const auto name = after.substr(0, slash);
      const TreeLine* seen = tree->find(name);
      const bool is_folder = seen != nullptr ? seen->is_directory() : slash != after.npos;
      from = first_after(*tree, name, is_folder);
      folders_done = !is_folder;
      if (seen != nullptr && is_folder && recursive_) {
        const auto below = slash == after.npos ? std::string_view{} : after.substr(slash + 1);
        WAAG_CHECK(list(seen->id, join(folder, name), below, depth + 1));
      }
    }
    if (order_ == ListOrder::git) return add(*tree, from, folder, depth, true, true);
    if (!folders_done) {
      WAAG_CHECK(add(*tree, from, folder, depth, /*folders=*/true, /*files=*/false));
      from = tree->lines.begin();
    }
    return add(*tree, from, folder, depth, /*folders=*/false, /*files=*/true);
  }

  std::vector<TreeEntry> take() { return std::move(entries_); }

 private:
  [[nodiscard]] bool full() const { return limit_ != 0 && entries_.size() >= limit_; }

  using Line = std::vector<TreeLine>::const_iterator;

  Status add(const Tree& tree, Line at, std::string_view folder, std::size_t depth, bool folders,
             bool files) {
    FactsReader facts(objects_, tree);
    for (; at != tree.lines.end() && !full(); ++at) {
      if (!(at->is_directory() ? folders : files)) continue;
      const auto path = join(folder, at->name);
      WAAG_TRY(auto entry, entry_of(tree, *at, path, facts));
      entries_.push_back(std::move(entry));
      if (recursive_ && at->is_directory() && !full())
        WAAG_CHECK(list(at->id, path, "", depth + 1));
    }
    return ok();
  }

  /// The first line behind `name`, whether that is there or not.
  static Line first_after(const Tree& tree, std::string_view name, bool is_folder) {
    const auto mode = is_folder ? git::mode_directory : git::mode_file;
    const git::GitTreeEntry mark{mode, std::string(name), {}};
    const auto before = [](const git::GitTreeEntry& entry, const TreeLine& line) {
      return git::tree_order(entry, {line.mode, line.name, {}});
    };
    return std::upper_bound(tree.lines.begin(), tree.lines.end(), mark, before);
  }

  ObjectCache& objects_;
  bool recursive_;
  std::size_t limit_;
  ListOrder order_;
  std::vector<TreeEntry> entries_;
};

class TreeSnapshot final : public Snapshot {
 public:
  TreeSnapshot(ObjectCache& objects, std::shared_ptr<const CommitInfo> commit)
      : objects_(objects), commit_(std::move(commit)) {}

  const CommitInfo& commit() const override { return *commit_; }

  Result<TreeEntry> stat(std::string_view path) const override {
    TreeEntry entry;
    entry.type = TreeEntry::Type::directory;
    entry.mode = git::mode_directory;
    entry.oid = commit_->tree;
    for (std::string_view rest = path; !rest.empty();) {
      const auto slash = rest.find('/');
      const auto name = rest.substr(0, slash);
      const bool last = slash == rest.npos;
      WAAG_TRY(const auto tree, objects_.tree(entry.oid));
      const TreeLine* line = tree->find(name);
      if (line == nullptr || (!last && !line->is_directory())) return no_entry(path);
      if (last) {
        FactsReader facts(objects_, *tree);
        return entry_of(*tree, *line, std::string(path), facts);
      }
      entry.oid = line->id;
      rest.remove_prefix(slash + 1);
      if (rest.empty()) return no_entry(path);  // "folder/" is no entry's path
    }
    return entry;
  }

  Result<std::optional<EntryId>> find(std::string_view path) const override {
    EntryId found{git::mode_directory, commit_->tree};
    while (!path.empty()) {
      const auto slash = std::min(path.find('/'), path.size());
      if (found.mode != git::mode_directory) return std::optional<EntryId>{};
      WAAG_TRY(const auto tree, objects_.tree(found.oid));
      const TreeLine* line = tree->find(path.substr(0, slash));
      if (line == nullptr || slash + 1 == path.size()) return std::optional<EntryId>{};
      found = {line->mode, line->id};
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return std::optional(found);
  }

  Status each_name(std::string_view path,
                   const std::function<void(std::string_view)>& visit) const override {
    WAAG_TRY(const auto folder, find(path));
    if (!folder || folder->mode != git::mode_directory) return ok();
    WAAG_TRY(const auto tree, objects_.tree(folder->oid));
    for (const auto& line : tree->lines) visit(line.name);
    return ok();
  }

  Result<std::vector<TreeEntry>> list(std::string_view path, bool recursive, std::string_view after,
                                      std::size_t limit, ListOrder order) const override {
    WAAG_TRY(const auto folder, stat(path));
    if (folder.type != TreeEntry::Type::directory) return no_entry(path);
    std::string_view below = after;
    if (!path.empty() && !after.empty()) {
      if (!after.starts_with(path) || after.size() <= path.size() || after[path.size()] != '/')
        return fail(Errc::invalid_argument, "the listing goes on outside its folder");
      below.remove_prefix(path.size() + 1);
    }
    Lister lister(objects_, recursive, limit, order);
    WAAG_CHECK(lister.list(folder.oid, path, below, 0));
    return lister.take();
  }

 private:
  static Error no_entry(std::string_view path) {
    return fail(Errc::entry_not_found, "no entry " + std::string(path));
  }

  ObjectCache& objects_;
  std::shared_ptr<const CommitInfo> commit_;
};

}  // namespace

std::shared_ptr<const Snapshot> make_snapshot(ObjectCache& objects,
                                              std::shared_ptr<const CommitInfo> commit) {
  return std::make_shared<TreeSnapshot>(objects, std::move(commit));
}

}  // namespace waag::storage
