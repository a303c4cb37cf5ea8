#include "storage/git/tree_edit.h"

namespace waag::storage {
namespace {

struct Split {
  std::string_view first;
  std::string_view rest;  // empty: `first` was the last segment
};

Split split(std::string_view path) {
  const auto slash = path.find('/');
  if (slash == path.npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Error no_entry(std::string_view name) {
  return fail(Errc::entry_not_found, "no entry " + std::string(name));
}

std::uint32_t mode_after(std::uint32_t before, TreeEdit::Content content) {
  if (before == git::mode_executable) return before;
  if (before == git::mode_symlink && content == TreeEdit::Content::file) return before;
  return git::mode_file;
}

}  // namespace

TreeEdit::TreeEdit(ObjectCache& objects, std::optional<GitId> root)
    : objects_(objects), root_id_(root) {}
TreeEdit::~TreeEdit() = default;
TreeEdit::TreeEdit(TreeEdit&&) noexcept = default;

std::unique_ptr<TreeEdit::Node> TreeEdit::empty_node() { return std::make_unique<Node>(); }

Status TreeEdit::load(Node& node, const GitId& id) {
  WAAG_TRY(const auto tree, objects_.tree(id));
  for (const auto& line : tree->lines)
    node.children.emplace(line.name, Child{line.mode, line.id, nullptr});
  return ok();
}

Result<TreeEdit::Node*> TreeEdit::root() {
  if (!root_) {
    auto node = empty_node();
    if (root_id_) WAAG_CHECK(load(*node, *root_id_));
    root_ = std::move(node);
  }
  return root_.get();
}

Result<TreeEdit::Node*> TreeEdit::enter(Child& child) {
  if (!child.node) {
    auto node = empty_node();
    WAAG_CHECK(load(*node, child.id));
    child.node = std::move(node);
  }
  return child.node.get();
}

Status TreeEdit::put(std::string_view path, const GitId& blob, Content content) {
  WAAG_TRY(Node * node, root());
  while (true) {
    const auto [first, rest] = split(path);
    node->changed = true;
    auto at = node->children.find(first);
    if (rest.empty()) {
      if (at == node->children.end())
        at = node->children.emplace(first, Child{git::mode_file, {}, nullptr}).first;
      else if (at->second.mode == git::mode_directory)
        return fail(Errc::unprocessable, std::string(path) + " is a directory");
      at->second.mode = mode_after(at->second.mode, content);
      at->second.id = blob;
      return ok();
    }
    if (at == node->children.end())
      at = node->children.emplace(first, Child{git::mode_directory, {}, empty_node()}).first;
    if (at->second.mode != git::mode_directory)
      return fail(Errc::unprocessable, std::string(first) + " is a file, not a directory");
    WAAG_TRY(node, enter(at->second));
    path = rest;
  }
}

Status TreeEdit::remove(std::string_view path) {
  WAAG_TRY(Node * node, root());
  return remove_below(*node, path, /*folder_only=*/false);
}

Status TreeEdit::remove_folder(std::string_view path) {
  WAAG_TRY(Node * node, root());
  return remove_below(*node, path, /*folder_only=*/true);
}

// Depth is bounded by the number of segments that a checked path may have.
Status TreeEdit::remove_below(Node& node, std::string_view path, bool folder_only) {
  const auto [first, rest] = split(path);
  const auto at = node.children.find(first);
  if (at == node.children.end()) return no_entry(path);
  const bool directory = at->second.mode == git::mode_directory;
  if (rest.empty()) {
    if (folder_only && !directory) return no_entry(path);
    node.children.erase(at);
  } else {
    if (!directory) return no_entry(path);
    WAAG_TRY(Node * below, enter(at->second));
    WAAG_CHECK(remove_below(*below, rest, folder_only));
    if (below->children.empty()) node.children.erase(at);  // git knows no empty directories
  }
  node.changed = true;
  return ok();
}

Result<std::optional<GitId>> TreeEdit::root_file(std::string_view name) {
  WAAG_TRY(Node * node, root());
  const auto at = node->children.find(name);
  if (at == node->children.end()) return std::optional<GitId>{};
  const auto mode = at->second.mode;
  if (mode != git::mode_file && mode != git::mode_executable)
    return fail(Errc::unprocessable, std::string(name) + " is no regular file");
  return std::optional(at->second.id);
}

Result<GitId> TreeEdit::write(ObjectWriter& objects) const {
  if (root_) return write_node(*root_, objects);
  if (root_id_) return *root_id_;
  return write_node(Node{}, objects);
}

Result<GitId> TreeEdit::write_node(const Node& node, ObjectWriter& objects) const {
  std::vector<git::GitTreeEntry> entries;
  entries.reserve(node.children.size());
  for (const auto& [name, child] : node.children) {
    git::GitTreeEntry entry{child.mode, name, child.id};
    if (child.node && child.node->changed) {
      WAAG_TRY(entry.id, write_node(*child.node, objects));
    }
    entries.push_back(std::move(entry));
  }
  WAAG_TRY(auto body, git::serialize_tree(std::move(entries)));
  return objects.add(git::ObjectKind::tree, std::move(body));
}

}  // namespace waag::storage
