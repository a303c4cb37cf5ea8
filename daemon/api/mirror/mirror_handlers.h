#pragma once

#include "daemon/api/handlers.h"

/// Handlers of what is mirrored; api/handlers.h lists all others.
namespace waag::daemon::api {

// pulls.cc
Reply post_pull(App& app, Request request);
// rules.cc
Reply get_mirrors(App& app, Request request);
Reply get_mirror(App& app, Request request);
Reply post_mirror(App& app, Request request);
Reply patch_mirror(App& app, Request request);
Reply delete_mirror(App& app, Request request);
Reply post_mirror_run(App& app, Request request);
// upstreams.cc
Reply get_upstreams(App& app, Request request);

}  // namespace waag::daemon::api
