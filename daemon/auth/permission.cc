#include "daemon/auth/permission.h"

#include <algorithm>

#include "daemon/auth/file_access.h"
#include "daemon/auth/rights.h"
#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

/// How many repos that hold a blob are looked at for one that the caller may read.
constexpr std::size_t holders_max = 1000;

using storage::Role;
using Level = std::optional<Role>;  // nullopt: none at all; below every role

bool owns(const Identity& who, std::string_view ns) {
  return who.hub_admin || (!who.anonymous() && http::equal_nocase(who.user, ns));
}

bool names(const storage::TokenScope& scope, std::string_view ns, const RepoId* repo) {
  if (!http::equal_nocase(scope.ns, ns)) return false;
  if (!scope.repo) return true;
  return repo != nullptr && scope.repo->type == repo->type &&
         http::equal_nocase(scope.repo->name, repo->name);
}

Level highest(const std::vector<storage::TokenScope>& scopes, std::string_view ns,
              const RepoId* repo) {
  Level level;
  for (const auto& scope : scopes)
    if (names(scope, ns, repo)) level = std::max(level, Level{scope.rights});
  return level;
}

/// What the person may do with all repos of a namespace.
Level granted_in(const Identity& who, std::string_view ns) {
  if (who.rights && who.rights->service) return highest(*who.rights->service, ns, nullptr);
  if (owns(who, ns)) return Role::admin;
  if (!who.rights) return std::nullopt;
  const auto found = who.rights->namespaces.find(folded(ns));
  return found == who.rights->namespaces.end() ? Level{} : Level{found->second};
}

/// What the person may do with this repo, whatever the token.
Level granted_on(const Identity& who, const storage::RepoRow& repo) {
  if (who.rights && who.rights->service) return highest(*who.rights->service, repo.id.ns, &repo.id);
  auto level = granted_in(who, repo.id.ns);
  if (!who.rights) return level;
  const auto [first, last] = who.rights->repos.equal_range(repo.uid);
  for (auto at = first; at != last; ++at) {
    const auto& [org, role] = at->second;
    if (org.empty() || http::equal_nocase(org, repo.id.ns)) level = std::max(level, Level{role});
  }
  return level;
}

/// The most that the token lets through. @param repo  null: the namespace as a whole
Level cap(const Identity& who, std::string_view ns, const RepoId* repo) {
  if (who.anonymous()) return std::nullopt;
  if (!who.rights || !who.rights->scopes) return who.can_write ? Role::admin : Role::read;
  return highest(*who.rights->scopes, ns, repo);
}

bool sees(const Identity& who, const storage::RepoRow& repo) {
  const auto level = std::min(granted_on(who, repo), cap(who, repo.id.ns, &repo.id));
  return repo.visibility == storage::Visibility::open || level >= Role::read;
}

}  // namespace

bool is_author(const Identity& who, std::string_view author) {
  return !who.anonymous() && http::equal_nocase(who.user, author);
}

bool may(const Identity& who, const storage::RepoRow& repo, Action action) {
  if (repo.disabled && !who.hub_admin) return false;
  if (repo.mirrored && (action == Action::write || action == Action::open_pull)) return false;
  const auto limit = cap(who, repo.id.ns, &repo.id);
  const auto level = std::min(granted_on(who, repo), limit);
  const bool open = repo.visibility == storage::Visibility::open;
  switch (action) {
    case Action::read:
      return open || level >= Role::read;
    case Action::open_pull:
      return (open ? limit : level) >= Role::contribute;
    case Action::write:
      return level >= Role::write;
    case Action::admin:
      return level >= Role::admin;
  }
  return false;
}

Level role_in(const Identity& who, std::string_view ns) {
  return std::min(granted_in(who, ns), cap(who, ns, nullptr));
}

bool may_create_in(const Identity& who, std::string_view ns) {
  return role_in(who, ns) >= Role::write;
}

bool may_administer(const Identity& who, std::string_view ns) {
  return role_in(who, ns) >= Role::admin;
}

bool may_audit(const Identity& who) { return who.hub_admin || who.auditor; }

bool is_fine_grained(const Identity& who) { return who.rights && who.rights->scopes; }

Result<storage::RepoRow> authorised_repo(storage::Store& store, const Identity& who,
                                         const RepoId& id, Action action) {
  WAAG_TRY(auto repo, store.find_repo(id));
  if (!sees(who, repo)) return fail(Errc::repo_not_found, "hidden from the caller");
  if (repo.disabled && !who.hub_admin) return fail(Errc::disabled, "disabled");
  if (may(who, repo, action)) return repo;
  if (who.anonymous()) return fail(Errc::unauthenticated, "anonymous write");
  if (repo.mirrored) return fail(Errc::forbidden, "a mirror changes with its upstream alone");
  return fail(Errc::forbidden, "no write right");
}

Result<storage::RepoRow> authorised_ref(storage::Store& store, const Identity& who,
                                        const RepoId& id, std::string_view ref) {
  const auto number = storage::pull_number(ref);
  if (!number) return authorised_repo(store, who, id, Action::write);
  WAAG_TRY(auto repo, authorised_repo(store, who, id, Action::open_pull));
  const auto pull = store.discussions().find(repo.uid, *number);
  if (!pull && pull.error().code != Errc::not_found) return pull.error();
  if (!may(who, repo, Action::write) && !(pull && is_author(who, pull->author)))
    return fail(Errc::forbidden, "not the caller's pull request");
  if (pull && pull->status == storage::DiscussionStatus::merged)
    return fail(Errc::conflict, "This pull request is merged: its commits stay as they are");
  return repo;
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
