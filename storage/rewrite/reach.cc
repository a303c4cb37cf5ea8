#include "storage/rewrite/reach.h"

#include <algorithm>

#include "storage/meta/blob_rows.h"

namespace waag::storage {
namespace {

/// Depth first with a stack of its own: a history may be longer than any call stack.
class CommitWalk {
 public:
  CommitWalk(const Parts& parts, Reach& reach) : parts_(parts), reach_(reach) {}

  Status add(const CommitId& head, std::size_t ref) {
    WAAG_CHECK(enter(head));
    while (!open_.empty()) {
      auto& top = open_.back();
      if (top.next_parent < top.info->parents.size()) {
        const auto parent = top.info->parents[top.next_parent++];
        WAAG_CHECK(enter(parent));
        continue;
      }
      reach_.commits.push_back({std::move(top.info), ref});
      open_.pop_back();
    }
    return ok();
  }

 private:
  struct Open {
    std::shared_ptr<const CommitInfo> info;
    std::size_t next_parent = 0;
  };

  Status enter(const CommitId& id) {
    if (!reach_.ids.insert(id).second) return ok();
    WAAG_TRY(auto info, parts_.objects.commit(id));
    open_.push_back({std::move(info), 0});
    return ok();
  }

  const Parts& parts_;
  Reach& reach_;
  std::vector<Open> open_;
};

}  // namespace

Result<Reach> walk_refs(const Parts& parts, std::uint64_t uid) {
  Reach reach;
  WAAG_TRY(reach.refs, parts.refs.list(uid));
  std::ranges::stable_partition(reach.refs, [](const Ref& ref) { return ref.name == head_branch; });
  CommitWalk walk(parts, reach);
  for (std::size_t i = 0; i < reach.refs.size(); ++i)
    WAAG_CHECK(walk.add(reach.refs[i].row.target, i));
  return reach;
}

Result<std::vector<git::GitTreeEntry>> read_tree(const Parts& parts, const GitId& id) {
  const auto body = read_object(parts.rows, parts.packs, id, git::ObjectKind::tree);
  if (!body) return fail(Errc::corrupt, body.error().what);
  auto entries = git::parse_tree(*body);
  if (!entries) return fail(Errc::corrupt, entries.error().what);
  return entries;
}

Status TreeWalk::add(const GitId& tree, const Visit& visit) {
  if (!trees_.insert(tree).second) return ok();
  std::vector<Line> folders{{"", git::mode_directory, tree}};
  while (!folders.empty()) {
    const auto folder = std::move(folders.back());
    folders.pop_back();
    WAAG_TRY(const auto lines, fresh_lines(folder.id, folder.path, folders));
    WAAG_CHECK(look_up(lines, visit));
  }
  return ok();
}

/// Files of the tree that were not seen yet; its unseen folders go to `folders`.
Result<std::vector<TreeWalk::Line>> TreeWalk::fresh_lines(const GitId& tree,
                                                          const std::string& folder,
                                                          std::vector<Line>& folders) {
  WAAG_TRY(const auto entries, read_tree(parts_, tree));
  std::vector<Line> files;
  for (const auto& entry : entries) {
    const bool directory = entry.mode == git::mode_directory;
    // A link's target is no file's content, even if it reads like a pointer.
    if (entry.mode == git::mode_gitlink || entry.mode == git::mode_symlink) continue;
    if (!(directory ? trees_ : files_).insert(entry.id).second) continue;
    const auto path = folder.empty() ? entry.name : folder + "/" + entry.name;
    (directory ? folders : files).push_back({path, entry.mode, entry.id});
  }
  return files;
}

Status TreeWalk::look_up(const std::vector<Line>& lines, const Visit& visit) const {
  std::vector<std::string> wanted;
  for (const auto& line : lines) {
    wanted.push_back(keys::lfs_pointer(line.id));
    wanted.push_back(keys::large_git_blob(line.id));
  }
  WAAG_TRY(const auto rows, parts_.rows.get_many(wanted));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    HeldFile file;
    file.path = lines[i].path;
    file.git_id = lines[i].id;
    if (const auto& pointer = rows[2 * i]) {
      WAAG_TRY(const auto row, decode_lfs_pointer(*pointer));
      file.blob = row.blob;
      file.size_bytes = row.size_bytes;
      file.lfs = true;
    } else if (const auto& large = rows[2 * i + 1]) {
      WAAG_TRY(file.blob, decode_large_git_blob(*large));
    } else {
      continue;
    }
    visit(file);
  }
  return ok();
}

}  // namespace waag::storage
