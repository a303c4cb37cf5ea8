#include "storage/git/transfer/object_list.h"

#include "storage/blob_reader.h"

namespace waag::storage {

using git::ObjectKind;

// Depth, here and below, is bounded by the number of segments that a checked path may have.
Status ObjectLister::hold(const GitId& tree) {
  if (!held_.add(tree, ObjectKind::tree)) return ok();
  WAAG_TRY(const auto entries, entries_of(tree));
  for (const auto& entry : entries) {
    if (entry.mode == git::mode_directory) {
      WAAG_CHECK(hold(entry.id));
    } else {
      held_.add(entry.id, ObjectKind::blob);
    }
  }
  return ok();
}

Status ObjectLister::add(const GitId& id, ObjectKind kind) {
  if (list_.size() == objects_max_)
    return fail(Errc::too_large, "too many objects for one pack: fetch with --depth");
  list_.add(id, kind);
  return ok();
}

Status ObjectLister::add_tree(const GitId& tree) {
  if (held_.contains(tree) || list_.contains(tree)) return ok();
  WAAG_CHECK(add(tree, ObjectKind::tree));
  WAAG_TRY(const auto entries, entries_of(tree));
  for (const auto& entry : entries) {
    if (entry.mode == git::mode_gitlink) continue;
    if (entry.mode == git::mode_directory) {
      WAAG_CHECK(add_tree(entry.id));
      continue;
    }
    if (held_.contains(entry.id) || list_.contains(entry.id)) continue;
    WAAG_TRY(const bool wanted, passes(entry.id));
    if (wanted) WAAG_CHECK(add(entry.id, ObjectKind::blob));
  }
  return ok();
}

Result<std::vector<git::GitTreeEntry>> ObjectLister::entries_of(const GitId& tree) const {
  WAAG_TRY(const auto body, read_object(parts_.rows, parts_.packs, tree, ObjectKind::tree));
  return git::parse_tree(body);
}

Result<bool> ObjectLister::passes(const GitId& blob) const {
  if (filter_.none) return false;
  if (!filter_.bytes_max) return true;
  WAAG_TRY(const auto reader, open_git_blob(parts_.rows, parts_.packs, blob));
  return reader->size_bytes() < *filter_.bytes_max;
}

}  // namespace waag::storage
