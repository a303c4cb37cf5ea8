#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "convert/validate/divergence.h"

/// Lines that the programs which run models have in common. For .cc files only.
namespace waag::convert {

/// The event `done`.
std::string end_line(std::span<const std::vector<std::uint32_t>> texts,
                     std::chrono::steady_clock::time_point begun);

/// JSON has no NaN and no infinity.
boost::json::value number_or_null(double value);

/// What a summary is called in the event `compared`.
boost::json::object members_of(const DivergenceSummary& of);

}  // namespace waag::convert
