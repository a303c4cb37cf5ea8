#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace waag::convert {

/// A metadata value to write; its alternative is its type in the file (FORMATS 2.1).
using GgufValue =
    std::variant<std::uint16_t, std::uint32_t, std::int32_t, std::uint64_t, float, bool,
                 std::string, std::vector<std::string>, std::vector<std::int32_t>,
                 std::vector<float>, std::vector<std::uint32_t>>;

struct GgufEntry {
  std::string key;
  GgufValue value;

  bool operator==(const GgufEntry&) const = default;
};

/// In the order of the file.
using GgufEntries = std::vector<GgufEntry>;

}  // namespace waag::convert
