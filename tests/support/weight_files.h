#pragma once

#include <string>

#include "protocol/bytes.h"

/// Small weight files for tests of what reads them.
namespace waag::testing {

/// A safetensors file: `bf16` elements in one tensor and, if any, `f32` elements in another.
inline std::string safetensors_file(std::uint64_t bf16, std::uint64_t f32 = 0) {
  const auto tensor = [](const char* dtype, std::uint64_t count, std::uint64_t begin,
                         std::uint64_t end) {
    return std::string(R"({"dtype":")") + dtype + R"(","shape":[)" + std::to_string(count) +
           R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  const auto middle = 2 * bf16;
  const auto end = middle + 4 * f32;
  auto json = R"({"a":)" + tensor("BF16", bf16, 0, middle);
  if (f32 > 0) json += R"(,"b":)" + tensor("F32", f32, middle, end);
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');
  ByteWriter out;
  out.fixed(static_cast<std::uint64_t>(json.size()));
  return out.str() + json + std::string(end, 'w');
}

}  // namespace waag::testing
