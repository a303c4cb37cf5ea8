#pragma once

#include <map>
#include <memory>

#include "storage/git/object_cache.h"

namespace waag::storage {

/// A tree that is being changed: only the directories on the way to a change are loaded, only they
/// are written again. Paths have been checked. Not thread-safe.
class TreeEdit {
 public:
  /// @param root  the tree to start from; nullopt for an empty one
  TreeEdit(ObjectCache& objects, std::optional<GitId> root);
  ~TreeEdit();
  TreeEdit(TreeEdit&&) noexcept;
  TreeEdit& operator=(TreeEdit&&) = delete;

  enum class Content : std::uint8_t { file, lfs_pointer };
  /// Adds or replaces a file. The mode of a replaced file is kept, but a pointer never becomes a
  /// symlink's target. @return Errc::unprocessable if a file and a directory would share a name
  Status put(std::string_view path, const GitId& blob, Content content);
  /// Removes a file, or a directory with all below it. Errc::entry_not_found.
  Status remove(std::string_view path);
  /// Removes a directory; a file of that name is Errc::entry_not_found.
  Status remove_folder(std::string_view path);
  /// The file of that name at the root, as it is now; nullopt if there is nothing,
  /// Errc::unprocessable if there is something else.
  Result<std::optional<GitId>> root_file(std::string_view name);
  /// Adds the changed trees to `objects`. @return the root's id
  Result<GitId> write(ObjectWriter& objects) const;

 private:
  struct Node;
  struct Child {
    std::uint32_t mode = git::mode_file;
    GitId id;                    // as loaded; of a directory only right while `node` is unchanged
    std::unique_ptr<Node> node;  // a directory that was entered
  };
  struct Node {
    std::map<std::string, Child, std::less<>> children;
    bool changed = false;
  };
  static std::unique_ptr<Node> empty_node();
  Status load(Node& node, const GitId& id);
  Result<Node*> enter(Child& child);
  Status remove_below(Node& node, std::string_view path, bool folder_only);
  Result<GitId> write_node(const Node& node, ObjectWriter& objects) const;

  ObjectCache& objects_;
  std::optional<GitId> root_id_;
  std::unique_ptr<Node> root_;  // null until the first change
  Result<Node*> root();
};

}  // namespace waag::storage
