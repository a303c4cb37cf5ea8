#include "protocol/model/ggml_type.h"

#include <set>

#include <catch2/catch.hpp>

using namespace waag::model;

TEST_CASE("ggml_type: the table is consistent", "[protocol][model]") {
  std::set<std::string_view> names;
  for (std::uint32_t id = 0; id < 100; ++id) {
    const auto type = ggml_type(id);
    const bool retired =
        id == 4 || id == 5 || (id >= 31 && id <= 33) || (id >= 36 && id <= 38) || id > 42;
    CAPTURE(id);
    REQUIRE(type.has_value() == !retired);
    if (!type) continue;
    CHECK(type->id == id);
    CHECK(names.insert(type->name).second);
    CHECK(type->block_bytes > 0);
    CHECK((type->dtype == Dtype::ggml_block) == (type->block_elements > 1));
  }
}

TEST_CASE("ggml_type: bits per weight as published", "[protocol][model]") {
  const auto bits = [](std::uint32_t id) {
    return 8.0 * ggml_type(id)->block_bytes / ggml_type(id)->block_elements;
  };
  CHECK(bits(2) == 4.5);
  CHECK(bits(8) == 8.5);
  CHECK(bits(12) == 4.5);
  CHECK(bits(14) == 6.5625);
  CHECK(bits(16) == 2.0625);
  CHECK(bits(17) == 2.3125);
  CHECK(bits(18) == 3.0625);
  CHECK(bits(19) == 1.5625);
  CHECK(bits(21) == 3.4375);
  CHECK(bits(22) == 2.5625);
  CHECK(bits(23) == 4.25);
  CHECK(bits(29) == 1.75);
  CHECK(bits(30) == 16);
  CHECK(bits(34) == 1.6875);
  CHECK(bits(39) == 4.25);
  CHECK(bits(40) == 4.5);
  CHECK(bits(41) == 1.125);
  CHECK(bits(42) == 2.25);
}
