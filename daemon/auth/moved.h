#pragma once

#include <optional>

#include "daemon/http/routes.h"
#include "protocol/ids.h"

namespace waag::daemon {

struct App;

/// The repo that a request names in its path, remembered while a handler has the request.
struct AskedRepo {
  std::optional<RepoId> id;  // nullopt: none, or a name that no repo can have
  std::string target;        // of the request, raw

  static AskedRepo of(const Request& request);
};

/// 307 to where the repo is now, if it was moved away from the name that was asked for and `who`
/// may read it; else nullopt, and a name that was never used says no more than one that leads to a
/// hidden repo. The method stays; the Location is relative, because clients follow no other when
/// they ask for metadata (HUB_API 2.1).
Task<std::optional<Response>> redirect_if_moved(App& app, const Route& route, Identity who,
                                                AskedRepo asked);

/// `target` with the repo's two segments replaced; ".git" behind the name stays.
/// @param asked  the type that the target was routed as
std::string moved_target(const Route& route, std::string_view target, RepoType asked,
                         const RepoId& now);

}  // namespace waag::daemon
