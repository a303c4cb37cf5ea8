#pragma once

#include "daemon/http/routes.h"

/// Every handler of the route table, by family; each family is one .cc file of this folder.
namespace waag::daemon::api {

using Reply = Task<Result<Response>>;

// health.cc
Reply get_healthz(App& app, Request request);
Reply get_readyz(App& app, Request request);
Reply get_metrics(App& app, Request request);

}  // namespace waag::daemon::api
