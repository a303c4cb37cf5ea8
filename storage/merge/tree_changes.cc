#include "storage/merge/tree_changes.h"

#include <map>

namespace waag::storage {
namespace {

/// As for listings: trees from outside must not be followed for ever.
constexpr std::size_t depth_max = 1024;

struct Pair {
  const TreeLine* before = nullptr;
  const TreeLine* after = nullptr;
};

bool same(const TreeLine* a, const TreeLine* b) {
  return a != nullptr && b != nullptr && a->mode == b->mode && a->id == b->id;
}

std::optional<GitId> folder_of(const TreeLine* line) {
  return line != nullptr && line->is_directory() ? std::optional(line->id) : std::nullopt;
}

class Comparing {
 public:
  Comparing(ObjectCache& objects, std::size_t limit) : objects_(objects), limit_(limit) {}

  Status compare(std::optional<GitId> before, std::optional<GitId> after, const std::string& path,
                 std::size_t depth) {
    if (depth > depth_max) return fail(Errc::corrupt, "tree too deep");
    WAAG_TRY(const auto old_tree, load(before));
    WAAG_TRY(const auto new_tree, load(after));
    std::map<std::string_view, Pair> names;
    for (const auto& line : old_tree->lines) names[line.name].before = &line;
    for (const auto& line : new_tree->lines) names[line.name].after = &line;
    for (const auto& [name, pair] : names) {
      if (found_.size() >= limit_) return ok();
      if (same(pair.before, pair.after)) continue;
      const auto at = path.empty() ? std::string(name) : path + "/" + std::string(name);
      FileChange change{at, std::nullopt, std::nullopt};
      WAAG_TRY(change.before, file_of(*old_tree, pair.before));
      WAAG_TRY(change.after, file_of(*new_tree, pair.after));
      if (change.before || change.after) found_.push_back(std::move(change));
      const auto old_folder = folder_of(pair.before);
      const auto new_folder = folder_of(pair.after);
      if (old_folder || new_folder) WAAG_CHECK(compare(old_folder, new_folder, at, depth + 1));
    }
    return ok();
  }

  std::vector<FileChange> take() { return std::move(found_); }

 private:
  Result<std::optional<FileVersion>> file_of(const Tree& tree, const TreeLine* line) {
    if (line == nullptr || line->is_directory()) return std::optional<FileVersion>{};
    FactsReader reader(objects_, tree);
    WAAG_TRY(const auto facts, reader.at(static_cast<std::size_t>(line - tree.lines.data())));
    const auto bytes = facts.lfs ? facts.lfs->pointer_bytes : facts.size_bytes;
    return std::optional(FileVersion{line->mode, line->id, bytes});
  }

  Result<std::shared_ptr<const Tree>> load(const std::optional<GitId>& id) {
    if (!id) return std::make_shared<const Tree>();
    return objects_.tree(*id);
  }

  ObjectCache& objects_;
  const std::size_t limit_;
  std::vector<FileChange> found_;
};

}  // namespace

Result<std::vector<FileChange>> tree_changes(ObjectCache& objects, const GitId& before,
                                             const GitId& after, std::size_t limit) {
  Comparing comparing(objects, limit);
  WAAG_CHECK(comparing.compare(before, after, "", 0));
  return comparing.take();
}

}  // namespace waag::storage
