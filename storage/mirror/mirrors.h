#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "protocol/lfs/pointer.h"
#include "storage/meta/mirror/mirror_rows.h"
#include "storage/repo/parts.h"
#include "storage/repo/reserve.h"
#include "storage/staging_area.h"

namespace waag::storage {

/// A file as an upstream lists it.
struct ListedFile {
  std::string path;  // checked
  GitId oid;         // git blob; of an LFS file its pointer's
  std::uint64_t size_bytes = 0;
  std::optional<BlobId> lfs;
  std::string pointer;  // its text, if that is not the canonical one
};

/// One revision as an upstream describes it.
struct Listing {
  std::string upstream;  // base URL
  std::string name;      // ns/name there
  std::string ref;       // full name of the branch that was asked for; "" if a commit was
  CommitId commit;
  TimeMs date{};
  std::string author;
  std::string title;
  std::vector<ListedFile> files;
};

/// How a mirrored repo begins here.
struct NewMirror {
  RepoId id;
  Visibility visibility{Visibility::open};
  Gate gate{Gate::none};
  std::string sdk;
};

struct MirroredRepo {
  std::uint64_t uid = 0;
  MirrorRow row;
};

/// Repos that come from an upstream. Their trees are here first, their files' bytes come later, or
/// never; whatever came stays. Naming a hash grants nothing, not to an upstream either: what others
/// have of that name is a mirrored repo's only once the upstream has sent it (or everybody may read
/// it anyway). Thread-safe; every call may block on disk.
class Mirrors {
 public:
  Mirrors(const Parts& parts, const Reserve& reserve) : parts_(parts), reserve_(reserve) {}

  [[nodiscard]] Result<std::optional<MirrorRow>> find(std::uint64_t uid) const;
  [[nodiscard]] Result<std::vector<MirroredRepo>> list() const;

  // --- trees ---
  /// Makes the commit known and moves the ref to it, in one transaction; the repo begins with the
  /// first one. @return Errc::conflict if the name is that of a repo of our own, or is bound to
  /// another upstream; Errc::unprocessable if the listing contradicts itself, or what is known
  Result<RepoRow> import(const NewMirror& repo, const Listing& listing);
  /// The ref leads to a commit that the repo knows; nullopt: the upstream does not have it any
  /// more. Nothing becomes unknown by it.
  Status move_ref(std::uint64_t uid, std::string_view ref, std::optional<CommitId> target);
  /// Changes a row that is there; Errc::not_found.
  Status change(std::uint64_t uid, const std::function<void(MirrorRow&)>& edit);
  /// Another name that leads to the repo, as the upstream has it: a former name, or another
  /// spelling's. Nothing if a repo of our own has that name.
  Status add_alias(std::uint64_t uid, const RepoId& id);
  /// After a history came. If that has all commits that the repo knows, nothing of it is
  /// unproven any more, LFS files apart.
  Status set_proven(std::uint64_t uid);
  /// Whether the commit is here with its history: an upstream has not merely told of it.
  [[nodiscard]] Result<bool> holds(std::uint64_t uid, const CommitId& commit) const;
  /// Where a ref has led since it last led to a commit that is here with its history: that one and
  /// those after it, oldest first. Empty if it has led nowhere.
  [[nodiscard]] Result<std::vector<CommitId>> led_to(std::uint64_t uid, std::string_view ref) const;

  // --- bytes ---
  /// Whether the repo's readers may have what the store holds under this name.
  [[nodiscard]] Result<bool> may_show(std::uint64_t uid, const BlobId& blob) const;
  [[nodiscard]] Result<bool> may_show(std::uint64_t uid, const GitId& blob) const;
  /// The upstream has sent the blob: a transaction for Ingest::finish.
  static Transaction proof(std::uint64_t uid, const BlobId& blob);
  /// A regular file has come. Errc::unprocessable if the bytes are not `id`'s.
  Status put_file(std::uint64_t uid, const GitId& id,
                  const std::function<Status(StagedFile&)>& feed);

 private:
  Result<RepoRow> try_import(const NewMirror& repo, const Listing& listing);
  Result<RepoRow> own_repo(const NewMirror& repo, const Listing& listing, TimeMs now,
                           Transaction& transaction) const;
  Result<bool> is_bound_elsewhere(const RepoId& id, std::string_view upstream) const;
  Result<bool> open_holder(const BlobId& blob) const;

  const Parts& parts_;
  const Reserve& reserve_;
};

}  // namespace waag::storage
