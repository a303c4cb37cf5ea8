#pragma once

#include <boost/json/object.hpp>

#include "cli/context.h"

namespace waag::cli {

/// A number of a job's result; 0 if it is not there.
std::uint64_t number_of(const boost::json::object& from, std::string_view key);

/// Follows the jobs of a mirror's dry run, and tells what there is to bring: a line for each repo
/// and revision, and the sums.
/// @param answer  {"jobs":[7],"error":"what could not be found out"}
/// @return exit_refused if some of it could not be found out
int show_plan(Context& context, const boost::json::value& answer);

}  // namespace waag::cli
