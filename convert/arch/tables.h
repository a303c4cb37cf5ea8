#pragma once

#include <span>

#include "convert/arch/architecture.h"

namespace waag::convert {

/// Every architecture that is known, by class name.
std::span<const Architecture> architectures();

}  // namespace waag::convert
