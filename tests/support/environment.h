#pragma once

#include <cstdint>
#include <cstdlib>

namespace waag::testing {

/// A whole number from the environment, for tests that come small and large.
inline std::uint64_t environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace waag::testing
