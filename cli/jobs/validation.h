#pragma once

#include <iosfwd>

#include <boost/json/value.hpp>

namespace waag::cli {

/// What a conversion lost, of each target that was validated: the verdict, the figures with their
/// limits, and why it is no pass. Nothing of other jobs.
/// @param result  of the job, as the API gives it
void show_validation(std::ostream& out, const boost::json::value& result);

}  // namespace waag::cli
