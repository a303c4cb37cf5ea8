#include "protocol/hub/json_reader.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;

TEST_CASE("json_reader: members by type", "[protocol][json_reader]") {
  const auto parsed =
      parse_json_object(R"({"s":"x","b":true,"u":7,"big":18446744073709551615,"n":null,)"
                        R"("a":[1],"neg":-1,"d":1.5,"s":"y"})");
  REQUIRE(parsed);
  CHECK(*json_string(*parsed, "s") == std::optional<std::string>("y"));
  CHECK(*json_bool(*parsed, "b") == std::optional(true));
  CHECK(*json_uint(*parsed, "u") == std::optional<std::uint64_t>(7));
  CHECK(*json_uint(*parsed, "big") == std::optional<std::uint64_t>(18446744073709551615U));
  CHECK(*json_string(*parsed, "n") == std::nullopt);
  CHECK(*json_string(*parsed, "none") == std::nullopt);
  CHECK_FALSE(json_string(*parsed, "u"));
  CHECK_FALSE(json_bool(*parsed, "s"));
  CHECK_FALSE(json_uint(*parsed, "neg"));
  CHECK_FALSE(json_uint(*parsed, "d"));
  CHECK_FALSE(json_required_string(*parsed, "n"));
  CHECK(json_array(*parsed, "a")->size() == 1);
  CHECK(json_array(*parsed, "s") == nullptr);
}

TEST_CASE("json_reader: malformed, deep and large", "[protocol][json_reader]") {
  for (const std::string text :
       {"", "[]", "7", "{", "{}x", "{\"a\":\"\xFF\"}", "{\"a\":NaN}", "{\"a\":1,}"}) {
    CAPTURE(text);
    const auto parsed = parse_json_object(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::invalid_argument);
  }
  CHECK(parse_json_object("{\"a\":" + std::string(60, '[') + std::string(60, ']') + "}"));
  CHECK_FALSE(
      parse_json_object("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"));
  CHECK(parse_json_object("{\"a\":1}", 6).error().code == Errc::too_large);
}

TEST_CASE("json_reader: arrays", "[protocol][json_reader]") {
  CHECK(parse_json_array("[1,{}]")->size() == 2);
  CHECK(parse_json_array("{}").error().code == Errc::invalid_argument);
  CHECK(parse_json_array("[1").error().code == Errc::invalid_argument);
  CHECK(parse_json_array("[1]", 2).error().code == Errc::too_large);
}
