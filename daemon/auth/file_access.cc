#include "daemon/auth/file_access.h"

#include <algorithm>

#include "daemon/auth/rights.h"
#include "protocol/http/field.h"
#include "storage/meta/tables/access.h"

namespace waag::daemon {
namespace {

/// The user as the href's signer saw them; the token's role was judged then.
Result<Identity> signer(storage::Store& store, const HrefGrant& grant) {
  Identity who;
  if (grant.user.empty()) return who;
  const auto user = store.find_user(grant.user);
  if (!user && user.error().code != Errc::not_found) return user.error();
  if (!user || user->disabled) return fail(Errc::forbidden, "The user of this link is disabled");
  who.user = user->name;
  who.hub_admin = user->hub_admin;
  WAAG_TRY(auto rights, load_rights(store, *user));
  who.rights = std::make_shared<const Rights>(std::move(rights));
  return who;
}

/// What is behind a gate is no public matter: a fine-grained token must name the repo for it.
bool token_reaches(const Identity& who, const RepoId& id) {
  if (!is_fine_grained(who)) return true;
  return std::ranges::any_of(*who.rights->scopes, [&id](const storage::TokenScope& scope) {
    return http::equal_nocase(scope.ns, id.ns) &&
           (!scope.repo ||
            (scope.repo->type == id.type && http::equal_nocase(scope.repo->name, id.name)));
  });
}

}  // namespace

bool passes_gate(const Identity& who, const storage::RepoRow& repo) {
  Identity person = who;
  person.can_write = !who.anonymous();  // an owner reads with a reading token too
  if (is_fine_grained(who)) {           // and with a fine-grained one, where its scopes reach
    auto rights = *who.rights;
    rights.scopes.reset();
    person.rights = std::make_shared<const Rights>(std::move(rights));
  }
  // To a mirror nobody may write; those who run it have its files.
  const auto action = repo.mirrored ? Action::admin : Action::write;
  return may(person, repo, action) && token_reaches(who, repo.id);
}

Result<bool> may_read_files(storage::Store& store, const Identity& who,
                            const storage::RepoRow& repo) {
  if (!may(who, repo, Action::read)) return false;
  if (repo.gate == storage::Gate::none || passes_gate(who, repo)) return true;
  if (who.anonymous() || !token_reaches(who, repo.id)) return false;
  WAAG_TRY(const auto access, store.accesses().find(repo.uid, who.user));
  return access && access->status == storage::AccessStatus::accepted;
}

Status need_files(storage::Store& store, const Identity& who, const storage::RepoRow& repo) {
  WAAG_TRY(const bool allowed, may_read_files(store, who, repo));
  if (allowed) return ok();
  // huggingface_hub's own suite looks for the words up to "list".
  return fail(Errc::gated, "Access to " + std::string(to_string(repo.id.type)) + " " +
                               repo.id.full_name() +
                               " is restricted and you are not in the authorized list. " +
                               (who.anonymous() ? "Sign in, or ask" : "Ask") + " for access.");
}

Result<HrefTarget> open_href(storage::Store& store, const HrefGrant& grant) {
  HrefTarget target;
  WAAG_TRY(target.who, signer(store, grant));
  WAAG_TRY(target.repo, store.find_repo_by_uid(grant.repo_uid));
  WAAG_TRY(target.repo, authorised_repo(store, target.who, target.repo.id, Action::read));
  if (target.repo.uid != grant.repo_uid) return fail(Errc::repo_not_found, "another repo by now");
  return target;
}

}  // namespace waag::daemon
