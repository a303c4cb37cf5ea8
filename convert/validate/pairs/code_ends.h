#pragma once

#include <optional>
#include <span>

#include "convert/quant/linear/linear_format.h"
#include "protocol/bytes.h"

namespace waag::convert {

/// How many values are so far beyond the last code of their format that a further one would have
/// been nearer: what a scale that is too small cuts off.
/// @param codes  of the values' rows, as LinearPart says
/// @param made  what the codes stand for
std::uint64_t count_saturated(LinearFormat format, ByteView codes, std::span<const float> source,
                              std::span<const float> made);

}  // namespace waag::convert
