#pragma once

#include "storage/git/mirror_push.h"
#include "storage/git/transfer/push_check.h"
#include "storage/repo/reserve.h"
#include "storage/staging_area.h"

namespace waag::storage {

struct PushOptions {
  std::uint64_t repo_uid = 0;
  std::string user;                  // for the ref log
  std::uint64_t blob_bytes_max = 0;  // regular files may not be larger
  /// The pack comes from an upstream whose refs the repo follows. Then refs under refs/heads,
  /// refs/tags, refs/pr and refs/convert are created, moved and deleted whatever they are now (but
  /// main is not deleted); PushRules::mirror holds; LFS files need not be here; a tip whose history
  /// breaks a rule is left out with its reason, and the others land.
  bool mirror = false;
};

/// Trees, commits, tags and blobs that come as deltas, of an upstream's history.
inline constexpr std::uint64_t mirror_object_bytes_max = 128ull << 20;

/// One push into a repo: feed() its pack, check(), land(). Nothing of it is visible before land()
/// returns, and then all that its report calls ok. Blocks; not thread-safe; the store must outlive
/// it.
class GitPush {
 public:
  GitPush(FileSystem& fs, const Parts& parts, const Reserve& reserve, PushOptions options,
          std::filesystem::path scratch, std::shared_ptr<StagingArea> staged)
      : fs_(fs),
        parts_(parts),
        reserve_(reserve),
        options_(std::move(options)),
        scratch_(std::move(scratch)),
        staged_(std::move(staged)) {}

  // --- of a mirror, before its pack ---
  [[nodiscard]] Result<MirrorPlan> plan(
      const std::map<std::string, GitId>& wanted,
      const std::function<bool(std::string_view)>& selected) const {
    return plan_mirror(parts_, options_.repo_uid, wanted, selected);
  }
  [[nodiscard]] Result<bool> holds(const CommitId& id) const {
    return holds_commit(parts_, options_.repo_uid, id);
  }

  /// Bytes of the pack, if there is one. Errc::unprocessable if it is no sound one.
  Status feed(ByteView bytes);
  /// Resolves the pack and walks through what it brings for the commands.
  /// @return Errc::unprocessable with a text for the pusher if the pack or what it holds is refused
  Status check(const git::PushRequest& request);
  /// LFS files that it names: the caller says whether the user may, and whether their size is
  /// right.
  [[nodiscard]] const std::map<GitId, NamedPointer>& pointers() const { return found_.pointers; }
  /// Moves the refs, in one transaction with everything they need. @return one line a command; an
  /// Error only if the store failed
  Result<std::vector<git::RefReport>> land(const git::PushRequest& request);

 private:
  [[nodiscard]] std::uint64_t object_bytes_max() const;
  [[nodiscard]] std::string refusal_of(const git::RefCommand& command) const;
  Status add_tips(PushCheck& check, const git::PushRequest& request);
  Status complete_pack();
  Result<std::pair<git::ObjectKind, Bytes>> read_base(const GitId& id) const;
  Status stage_objects();
  Status stage_blob(const IncomingPack::Object& object, const GitId& id);
  Result<std::vector<Row>> needed_rows() const;
  Result<bool> is_believed(const lfs::LfsPointer& pointer) const;
  Status publish(std::vector<Row>& rows);
  Result<std::vector<git::RefReport>> move_refs(const git::PushRequest& request,
                                                const std::vector<Row>& rows);
  Result<std::vector<git::RefReport>> try_land(const git::PushRequest& request,
                                               const std::vector<Row>& rows);
  Result<std::string> add_move(const git::RefCommand& command, Transaction& transaction) const;

  FileSystem& fs_;
  const Parts& parts_;
  const Reserve& reserve_;
  const PushOptions options_;
  const std::filesystem::path scratch_;
  std::shared_ptr<StagingArea> staged_;
  std::unique_ptr<IncomingPack> pack_;
  std::uint64_t unreserved_bytes_ = 0;
  PushedObjects found_;
  std::map<GitId, PushedTip> tips_;
  std::map<GitId, std::string> refused_tips_;  // of a mirror
};

}  // namespace waag::storage
