#pragma once

#include <iostream>
#include <string_view>

#include "tests/support/environment.h"

namespace waag::testing {

/// This test's part of the images that all crash tests try together: WAAG_CRASH_IMAGES, or few.
inline std::size_t images_wanted(std::size_t percent) {
  return environment("WAAG_CRASH_IMAGES", 200) * percent / 100;
}

/// tests/run.sh shows these lines: what was tried is part of what a passing run says.
inline void print_tried(std::size_t count, std::string_view of) {
  std::cout << "tried: " << count << ' ' << of << std::endl;
}

}  // namespace waag::testing
