#pragma once

#include <span>
#include <string>

#include "daemon/http/routes.h"

namespace waag::daemon {

/// docs/API.md, from the route table.
std::string api_document(std::span<const Route> routes);

}  // namespace waag::daemon
