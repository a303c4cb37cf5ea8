#include "protocol/hub/card/weight_map.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

TEST_CASE("weight_map: each file once", "[protocol][card]") {
  CHECK(weight_map_files(R"({"metadata":{},"weight_map":{"a":"m2","b":"m1","c":"m2","d":5}})") ==
        std::vector<std::string>{"m1", "m2"});
  const auto none = GENERATE("", "{}", R"({"weight_map":[]})", "x");
  CHECK(weight_map_files(none).empty());
}
