#include "daemon/auth/permission.h"

#include <algorithm>

#include "daemon/auth/file_access.h"

namespace waag::daemon {
namespace {

/// How many repos that hold a blob are looked at for one that the caller may read.
constexpr std::size_t holders_max = 1000;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool owns(const Identity& who, std::string_view ns) {
  return who.hub_admin || (!who.anonymous() && same_name(who.user, ns));
}

bool sees(const Identity& who, const storage::RepoRow& repo) {
  return owns(who, repo.id.ns) || repo.visibility == storage::Visibility::open;
}

}  // namespace

bool may(const Identity& who, const storage::RepoRow& repo, Action action) {
  if (repo.disabled && !who.hub_admin) return false;
  const bool owner = owns(who, repo.id.ns);
  const bool reads = sees(who, repo);
  switch (action) {
    case Action::read:
      return reads;
    case Action::open_pull:
      return reads && who.can_write;
    case Action::write:
    case Action::admin:
      return owner && who.can_write;
  }
  return false;
}

bool may_create_in(const Identity& who, std::string_view ns) {
  return who.can_write && owns(who, ns);
}

Result<storage::RepoRow> authorised_repo(storage::Store& store, const Identity& who,
                                         const RepoId& id, Action action) {
  WAAG_TRY(auto repo, store.find_repo(id));
  if (!sees(who, repo)) return fail(Errc::repo_not_found, "hidden from the caller");
  if (repo.disabled && !who.hub_admin) return fail(Errc::disabled, "disabled");
  if (may(who, repo, action)) return repo;
  if (who.anonymous()) return fail(Errc::unauthenticated, "anonymous write");
  return fail(Errc::forbidden, "no write right");
}

Result<bool> may_name_blob(storage::Store& store, const Identity& who, const storage::RepoRow& repo,
                           const BlobId& blob) {
  WAAG_TRY(const auto held, store.blob_size(blob));
  if (!held) return false;
  WAAG_TRY(const auto linked, store.repo_has_blob(repo.uid, blob));
  if (linked) return true;
  if (!who.anonymous()) {
    WAAG_TRY(const auto uploaded, store.has_uploaded(who.user, repo.uid, blob));
    if (uploaded) return true;
  }
  WAAG_TRY(const auto holders, store.holders(blob, holders_max));
  for (const auto uid : holders) {
    const auto holder = store.find_repo_by_uid(uid);
    if (!holder && holder.error().code != Errc::repo_not_found) return holder.error();
    if (!holder) continue;
    WAAG_TRY(const bool readable, may_read_files(store, who, *holder));
    if (readable) return true;
  }
  return false;
}

}  // namespace waag::daemon
