#pragma once

#include "daemon/api/handlers.h"

/// Handlers of conversions; api/handlers.h lists all others.
namespace waag::daemon::api {

// conversions.cc
Reply post_conversion(App& app, Request request);

}  // namespace waag::daemon::api
