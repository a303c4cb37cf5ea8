#pragma once

#include <span>
#include <string_view>

#include "daemon/http/message.h"

namespace waag::daemon {

struct App;  // daemon/app.h: every long-lived part

/// What a caller needs before the handler runs; repo rights are then checked by the handler through
/// daemon/auth/permission.h with the same parsed RepoId that the store is asked with.
enum class Policy : std::uint8_t {
  none,        // health, metrics, validate-yaml
  read_repo,   // public: anyone (unless auth.anonymous_read is off); private: read right
  write_repo,  // token with write role and write right
  user,        // any valid token
  hub_admin,
  audit,        // hub admins, and auditors who change nothing
  signed_href,  // authorised by an expiring signature in the query
  xet_token,    // a live Xet access token; the handler checks what it is for
};

/// Largest accepted body in bytes and how it is read.
struct Limits {
  std::uint64_t body_bytes_max =
      0;  // 0: no body allowed (it is drained up to 64 KiB, else the connection closes)
};

using Handler = Task<Result<Response>> (*)(App& app, Request request);

/// One row of the one route table (daemon/http/routes/). docs/API.md, the authorisation matrix
/// test and metrics labels are generated from it.
///
/// Template: literal segments, {type} = models|datasets|spaces, {web} = datasets|spaces or absent
/// (models), {ns} {name} = one segment each ({name.git}: with an optional ".git"), {x} = any one
/// segment decoded, {rest...} = the remaining segments, decoded one by one (at least one),
/// {rest?...} = also none. What stands in [brackets] may be left out: old clients' names of a
/// route.
struct Route {
  Method method{Method::get};
  std::string_view path;
  std::string_view name;  // metrics label and anchor: "resolve", "repo_info"
  Policy policy{Policy::none};
  Limits limits{};
  Handler handler = nullptr;
  std::string_view about;  // one line for docs/API.md
};

std::span<const Route> routes();

}  // namespace waag::daemon
