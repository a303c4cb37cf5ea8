#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {

Family administration() {
  return {
      {Method::get, "/api/waag/v1/status", "status", Policy::user, no_body, api::get_status,
       "What the hub holds; its size for hub admins and auditors."},
      {Method::get, "/api/waag/v1/key", "key", Policy::read_repo, no_body, api::get_key,
       "The public key that certificates of conversions are checked by: Ed25519, as PEM."},
      {Method::get, "/api/waag/v1/repos/{type}/{ns}/{name}/usage", "usage", Policy::read_repo,
       no_body, api::get_usage,
       "Bytes of a repo's large files, and as stored; with shared also what other repos hold, for "
       "writers and auditors."},
      {Method::get, "/api/waag/v1/users", "users", Policy::audit, no_body, api::get_users,
       "All users."},
      {Method::post, "/api/waag/v1/users", "user_create", Policy::hub_admin, Limits{64u << 10},
       api::post_user, "name, fullName, email; admin, auditor or service."},
      {Method::put, "/api/waag/v1/users/{user}", "user_change", Policy::hub_admin,
       Limits{64u << 10}, api::put_user, "fullName, email, admin, auditor, disabled."},
      {Method::del, "/api/waag/v1/users/{user}", "user_disable", Policy::hub_admin,
       Limits{64u << 10}, api::delete_user, "Disables a user: tokens end, repos stay."},
      {Method::post, "/api/waag/v1/users/{user}/password", "password_set", Policy::user,
       Limits{64u << 10}, api::post_password,
       "password, current: one's own; anyone's for hub admins."},
      {Method::get, "/api/waag/v1/trash", "trash", Policy::audit, no_body, api::get_trash,
       "Deleted repos that can be restored, and until when."},
      {Method::post, "/api/waag/v1/trash/restore", "trash_restore", Policy::hub_admin,
       Limits{64u << 10}, api::post_trash_restore,
       "type, name, as: the last deleted repo of that name comes back."},
      {Method::get, "/api/waag/v1/tokens", "tokens", Policy::user, no_body, api::get_tokens,
       "The caller's tokens; anyone's (user) for hub admins and auditors."},
      {Method::post, "/api/waag/v1/tokens", "token_create", Policy::user, Limits{64u << 10},
       api::post_token, "name, role, scopes, days, user; the token is shown once."},
      {Method::del, "/api/waag/v1/tokens/{token}", "token_revoke", Policy::user, Limits{64u << 10},
       api::delete_token, "Ends a token at once."},
  };
}

}  // namespace waag::daemon::families
