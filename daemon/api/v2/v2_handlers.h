#pragma once

#include "daemon/api/handlers.h"

/// Handlers of what Ollama and older llama.cpp ask for; api/handlers.h lists all others.
namespace waag::daemon::api {

// v2.cc
Reply get_v2_manifest(App& app, Request request);
Reply get_v2_blob(App& app, Request request);

}  // namespace waag::daemon::api
