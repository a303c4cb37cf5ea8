#include "storage/merge/tree_merge.h"

#include <map>

namespace waag::storage {
namespace {

/// As for listings: trees from outside must not be followed for ever.
constexpr std::size_t depth_max = 1024;

/// What stands under one name on one side; nothing has mode 0.
struct Item {
  std::uint32_t mode = 0;
  GitId id;
  bool operator==(const Item&) const = default;
  [[nodiscard]] bool absent() const { return mode == 0; }
  [[nodiscard]] bool is_directory() const { return mode == git::mode_directory; }
};

struct Sides {
  Item base, ours, theirs;
};

class Merging {
 public:
  Merging(ObjectCache& objects, ObjectWriter* writer) : objects_(objects), writer_(writer) {}

  /// @return what stands there after the merge
  Result<Item> merge(const Sides& sides, const std::string& path, std::size_t depth) {
    if (sides.ours == sides.theirs || sides.base == sides.theirs) return sides.ours;
    if (sides.base == sides.ours) return sides.theirs;
    const bool folders =
        fits_folder(sides.base) && fits_folder(sides.ours) && fits_folder(sides.theirs);
    if (folders) return merge_folder(sides, path, depth);
    conflicts_.push_back(path);
    return sides.ours;
  }

  std::vector<std::string> take_conflicts() { return std::move(conflicts_); }

 private:
  static bool fits_folder(const Item& item) { return item.absent() || item.is_directory(); }

  Result<Item> merge_folder(const Sides& sides, const std::string& path, std::size_t depth) {
    if (depth > depth_max) return fail(Errc::corrupt, "tree too deep");
    std::map<std::string, Sides> names;
    WAAG_CHECK(load(sides.base, names, &Sides::base));
    WAAG_CHECK(load(sides.ours, names, &Sides::ours));
    WAAG_CHECK(load(sides.theirs, names, &Sides::theirs));
    std::vector<git::GitTreeEntry> entries;
    for (const auto& [name, below] : names) {
      if (conflicts_.size() >= merge_conflicts_max) break;
      WAAG_TRY(const auto item, merge(below, path.empty() ? name : path + "/" + name, depth + 1));
      if (!item.absent()) entries.push_back({item.mode, name, item.id});
    }
    const bool is_root = path.empty();
    if (entries.empty() && !is_root) return Item{};  // git knows no empty directories
    if (writer_ == nullptr || !conflicts_.empty()) return sides.ours;
    WAAG_TRY(auto body, git::serialize_tree(std::move(entries)));
    WAAG_TRY(const auto id, writer_->add(git::ObjectKind::tree, std::move(body)));
    return Item{git::mode_directory, id};
  }

  Status load(const Item& folder, std::map<std::string, Sides>& names, Item Sides::* side) {
    if (folder.absent()) return ok();
    WAAG_TRY(const auto tree, objects_.tree(folder.id));
    for (const auto& line : tree->lines) names[line.name].*side = {line.mode, line.id};
    return ok();
  }

  ObjectCache& objects_;
  ObjectWriter* writer_;
  std::vector<std::string> conflicts_;
};

}  // namespace

Result<TreeMerge> merge_trees(ObjectCache& objects, const GitId& base, const GitId& ours,
                              const GitId& theirs, ObjectWriter* writer) {
  Merging merging(objects, writer);
  const auto folder = [](const GitId& id) { return Item{git::mode_directory, id}; };
  WAAG_TRY(const auto root, merging.merge({folder(base), folder(ours), folder(theirs)}, "", 0));
  return TreeMerge{root.id, merging.take_conflicts()};
}

}  // namespace waag::storage
