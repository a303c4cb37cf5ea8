#pragma once

#include <cstdint>

namespace waag::convert::reference {

/// floor(log2f(magnitude)) as the reference gets it, for a finite magnitude > 0. log2f rounds to
/// nearest, so what lies a few units below a power of two already counts as that power; which units
/// they are follows from the spacing of floats near the logarithm (checked against log2f by test).
int floor_log2(float magnitude);

}  // namespace waag::convert::reference
