#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "protocol/result.h"

namespace waag::testing {

/// Every cut, every byte more and another version must be refused.
template <class Decode>
void check_strict(const std::string& value, Decode decode) {
  REQUIRE(decode(value));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes) {
    CAPTURE(bytes);
    CHECK_FALSE(decode(value.substr(0, bytes)));
  }
  CHECK(decode(value + "x").error().code == Errc::corrupt);
  auto later = value;
  later[0] = 99;
  CHECK(decode(later).error().code == Errc::corrupt);
}

}  // namespace waag::testing
