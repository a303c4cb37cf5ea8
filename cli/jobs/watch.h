#pragma once

#include <cstdint>

#include <boost/json/value.hpp>

#include "cli/context.h"

namespace waag::cli {

/// Follows a job to its end: a bar on a terminal, else a line now and then, with --json each event
/// as a line of JSON. A stream that breaks is taken up again.
/// @return exit_ok if the job is done, exit_refused if it failed or was cancelled
int watch_job(Context& context, std::uint64_t id);

/// What to know of a job's result, one line each.
void show_warnings(Context& context, const boost::json::value& result);

}  // namespace waag::cli
