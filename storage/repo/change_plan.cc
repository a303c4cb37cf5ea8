#include "storage/repo/change_plan.h"

#include "protocol/git/path.h"
#include "protocol/lfs/pointer.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Plans one commit's changes; collects what is missing so that one answer names all of it.
class Planner {
 public:
  Planner(const Parts& parts, const CommitRequest& request)
      : parts_(parts), request_(request), staged_(*request.staged) {}

  Result<ChangePlan> plan() {
    WAAG_CHECK(staged_.objects().flush());
    // LFS files first: a regular file may be a pointer to one that comes with it.
    for (const auto& change : request_.changes)
      if (change.kind == Change::Kind::put_lfs) WAAG_CHECK(look_up_lfs(change));
    for (const auto& change : request_.changes) WAAG_CHECK(add(change));
    if (!missing_.empty()) return fail(Errc::invalid_argument, "not in the store:" + missing_);
    return std::move(plan_);
  }

 private:
  Status look_up_lfs(const Change& change) {
    if (sizes_.contains(change.lfs)) return ok();
    WAAG_TRY(const auto row, parts_.rows.get(keys::blob(change.lfs)));
    if (!row) {
      missing_ += " " + change.lfs.hex();
      sizes_[change.lfs] = std::nullopt;
      return ok();
    }
    WAAG_TRY(const auto manifest, decode_manifest(*row));
    sizes_[change.lfs] = manifest.size_bytes;
    plan_.links.insert(change.lfs);
    return ok();
  }

  Status add(const Change& change) {
    std::string_view path = change.path;
    // huggingface_hub ends the path of a folder with '/'.
    if (change.kind == Change::Kind::remove_folder && path.ends_with('/')) path.remove_suffix(1);
    WAAG_CHECK(git::check_file_path(path));
    ChangePlan::Step step{change.kind, std::string(path), {}, TreeEdit::Content::file};
    if (change.kind == Change::Kind::put_lfs) {
      WAAG_CHECK(add_lfs(change, step));
    } else if (change.kind == Change::Kind::put_file) {
      WAAG_CHECK(add_file(change, step));
    }
    plan_.steps.push_back(std::move(step));
    return ok();
  }

  Status add_lfs(const Change& change, ChangePlan::Step& step) {
    const auto size = sizes_.at(change.lfs);
    if (!size) return ok();  // reported with the other missing ones
    if (change.lfs_size && *change.lfs_size != *size)
      return fail(Errc::unprocessable, change.path + ": size of the LFS file is " +
                                           std::to_string(*size) + ", not " +
                                           std::to_string(*change.lfs_size));
    const lfs::LfsPointer pointer{change.lfs, *size};
    auto text = lfs::serialize_pointer(pointer);
    const auto pointer_bytes = static_cast<std::uint32_t>(text.size());
    WAAG_TRY(step.blob, staged_.objects().add(git::ObjectKind::blob, std::move(text)));
    step.content = TreeEdit::Content::lfs_pointer;
    note_pointer(step.blob, pointer, pointer_bytes);
    return ok();
  }

  Status add_file(const Change& change, ChangePlan::Step& step) {
    step.blob = change.blob;
    if (const auto* at = staged_.objects().place(change.blob)) return add_record(*at, step);
    if (const auto* blob = staged_.chunked(change.blob)) {
      plan_.links.insert(*blob);
      return ok();
    }
    const std::vector<std::string> wanted{keys::git_object(change.blob),
                                          keys::large_git_blob(change.blob)};
    WAAG_TRY(const auto rows, parts_.rows.get_many(wanted));
    if (rows[0]) {
      WAAG_TRY(const auto at, decode_location(*rows[0]));
      return add_record(at, step);
    }
    if (rows[1]) {
      WAAG_TRY(const auto blob, decode_large_git_blob(*rows[1]));
      plan_.links.insert(blob);
    } else {
      missing_ += " " + change.blob.hex();
    }
    return ok();
  }

  Status add_record(const Location& at, ChangePlan::Step& step) {
    if (at.kind != RecordKind::git_blob)
      return fail(Errc::invalid_argument, step.blob.hex() + " is no git blob");
    return at.raw_bytes < lfs::pointer_bytes_limit ? add_if_pointer(at, step) : ok();
  }

  Status add_if_pointer(const Location& at, ChangePlan::Step& step) {
    WAAG_TRY(const auto content, parts_.packs.read(at));
    const auto pointer = lfs::parse_pointer(content);
    if (!pointer) return ok();  // an ordinary file
    WAAG_TRY(const auto row, parts_.rows.get(keys::blob(pointer->oid)));
    WAAG_TRY(const bool allowed, may_name(pointer->oid));
    if (!row || !allowed) {
      missing_ += " " + pointer->oid.hex();
      return ok();
    }
    WAAG_TRY(const auto manifest, decode_manifest(*row));
    if (manifest.size_bytes != pointer->size_bytes)
      return fail(Errc::unprocessable, step.path + ": pointer with a wrong size");
    plan_.links.insert(pointer->oid);
    step.content = TreeEdit::Content::lfs_pointer;
    note_pointer(step.blob, *pointer, static_cast<std::uint32_t>(content.size()));
    return ok();
  }

  Result<bool> may_name(const BlobId& id) const {
    if (plan_.links.contains(id)) return true;
    WAAG_TRY(const bool held, parts_.links.has(request_.repo_uid, id));
    if (held) return true;
    return parts_.links.has_uploaded(request_.user, request_.repo_uid, id);
  }

  void note_pointer(const GitId& blob, const lfs::LfsPointer& pointer,
                    std::uint32_t pointer_bytes) {
    const LfsPointerRow row{pointer.oid, pointer.size_bytes, pointer_bytes};
    plan_.pointer_rows.push_back({keys::lfs_pointer(blob), encode(row)});
  }

  const Parts& parts_;
  const CommitRequest& request_;
  StagingArea& staged_;
  ChangePlan plan_;
  std::map<BlobId, std::optional<std::uint64_t>> sizes_;  // of the LFS files; nullopt: unknown
  std::string missing_;
};

}  // namespace

Status ChangePlan::lay_on(TreeEdit& tree) const {
  for (const auto& step : steps) {
    switch (step.kind) {
      case Change::Kind::put_file:
      case Change::Kind::put_lfs:
        WAAG_CHECK(tree.put(step.path, step.blob, step.content));
        break;
      case Change::Kind::remove_file:
        WAAG_CHECK(tree.remove(step.path));
        break;
      case Change::Kind::remove_folder:
        WAAG_CHECK(tree.remove_folder(step.path));
        break;
    }
  }
  return ok();
}

std::vector<std::string> ChangePlan::lfs_paths() const {
  std::vector<std::string> paths;
  for (const auto& step : steps)
    if (step.content == TreeEdit::Content::lfs_pointer) paths.push_back(step.path);
  return paths;
}

Result<ChangePlan> plan_changes(const Parts& parts, const CommitRequest& request) {
  return Planner(parts, request).plan();
}

}  // namespace waag::storage
