#pragma once

#include <optional>

#include "daemon/http/routes.h"

namespace waag::daemon {

struct App;

/// The one way to a handler: identifies the caller, applies the route's policy, runs the handler
/// and turns an Error into the Hub's reply. What the session calls for a routed request; never
/// throws. `request.who` is filled here.
Task<Response> answer(App& app, const Route& route, Request request);

/// The refusal of a route's policy, or nullopt if the handler may run. Repo rights are the
/// handler's to check.
std::optional<Response> refuse(const App& app, const Route& route, const Request& request);

}  // namespace waag::daemon
