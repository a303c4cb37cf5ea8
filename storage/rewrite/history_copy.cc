#include "storage/rewrite/history_copy.h"

#include "storage/rewrite/reach.h"

namespace waag::storage {
namespace {

constexpr std::string_view encoding_key = "encoding ";

/// Of the headers behind the committer only the message's encoding is still true of a copy:
/// signatures and merged tags speak of the commit as it was.
std::string still_true(std::string_view headers) {
  std::string kept;
  while (!headers.empty()) {
    const auto line = headers.substr(0, headers.find('\n') + 1);
    if (line.starts_with(encoding_key)) kept += line;
    headers.remove_prefix(line.size());
  }
  return kept;
}

/// Our own object does not parse or is missing: the caller did nothing wrong.
Error corrupt(const Error& error) { return fail(Errc::corrupt, error.what, error.where); }

}  // namespace

Result<CommitId> HistoryCopy::add(const CommitId& id) {
  if (const auto known = commits_.find(id); known != commits_.end()) return known->second;
  const auto body =
      read_object(parts_.rows, parts_.packs, git::to_git_id(id), git::ObjectKind::commit);
  if (!body) return corrupt(body.error());
  auto commit = git::parse_commit(*body);
  if (!commit) return corrupt(commit.error());
  WAAG_TRY(const auto tree, root(commit->tree));
  bool changed = tree != commit->tree;
  commit->tree = tree;
  for (auto& parent : commit->parents) {
    const auto copy = commits_.find(parent);
    if (copy == commits_.end()) return fail(Errc::internal, "a commit came before its parent");
    changed = changed || copy->second != parent;
    parent = copy->second;
  }
  CommitId copy = id;
  if (changed) {
    commit->extra_headers = still_true(commit->extra_headers);
    WAAG_TRY(auto text, git::serialize_commit(*commit));
    WAAG_TRY(const auto object, objects_.add(git::ObjectKind::commit, std::move(text)));
    copy = CommitId{object.bytes};
  }
  commits_.emplace(id, copy);
  return copy;
}

Result<RefRow> HistoryCopy::of(const RefRow& row) {
  const auto copy = commits_.find(row.target);
  if (copy == commits_.end()) return fail(Errc::internal, "a ref to a commit that was not copied");
  RefRow moved = row;
  moved.target = copy->second;
  if (row.tag_object.is_zero() || moved.target == row.target) return moved;
  const auto body = read_object(parts_.rows, parts_.packs, row.tag_object, git::ObjectKind::tag);
  if (!body) return corrupt(body.error());
  auto tag = git::parse_tag(*body);
  if (!tag) return corrupt(tag.error());
  tag->object = git::to_git_id(moved.target);
  tag->kind = git::ObjectKind::commit;
  WAAG_TRY(auto text, git::serialize_tag(*tag));
  WAAG_TRY(moved.tag_object, objects_.add(git::ObjectKind::tag, std::move(text)));
  return moved;
}

Result<GitId> HistoryCopy::root(const GitId& id) {
  WAAG_TRY(const auto copy, tree(id));
  if (copy) return *copy;
  WAAG_TRY(auto body, git::serialize_tree({}));
  return objects_.add(git::ObjectKind::tree, std::move(body));
}

// Depth is bounded by the number of segments that a checked path may have.
Result<std::optional<GitId>> HistoryCopy::tree(const GitId& id) {
  if (const auto known = trees_.find(id); known != trees_.end()) return known->second;
  WAAG_TRY(auto entries, read_tree(parts_, id));
  std::vector<git::GitTreeEntry> kept;
  bool changed = false;
  for (auto& entry : entries) {
    const bool file = entry.mode == git::mode_file || entry.mode == git::mode_executable;
    if (file && dropped_.contains(entry.id)) {
      changed = true;
      continue;
    }
    if (entry.mode == git::mode_directory) {
      WAAG_TRY(const auto below, tree(entry.id));
      changed = changed || below != entry.id;
      if (!below) continue;
      entry.id = *below;
    }
    kept.push_back(std::move(entry));
  }
  std::optional<GitId> copy = id;
  if (changed && kept.empty()) {
    copy.reset();
  } else if (changed) {
    WAAG_TRY(auto body, git::serialize_tree(std::move(kept)));
    WAAG_TRY(copy, objects_.add(git::ObjectKind::tree, std::move(body)));
  }
  trees_.emplace(id, copy);
  return copy;
}

}  // namespace waag::storage
