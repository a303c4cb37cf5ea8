#include "protocol/hub/card/yaml_json.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;

namespace {

/// The value of `x` in "x: …".
std::string value_of(const std::string& yaml) {
  const auto json = yaml_to_json("x: " + yaml + "\n");
  if (!json) return "error";
  REQUIRE(json->starts_with(R"({"x":)"));
  return json->substr(5, json->size() - 6);
}

}  // namespace

TEST_CASE("yaml_json: scalars have the types of the core schema", "[protocol][card]") {
  const auto [yaml, json] = GENERATE(
      table<std::string, std::string>({{"mit", R"("mit")"},
                                       {"no", R"("no")"},  // Norwegian, and not false
                                       {"on", R"("on")"},
                                       {"yes", R"("yes")"},
                                       {"true", "true"},
                                       {"False", "false"},
                                       {"null", "null"},
                                       {"~", "null"},
                                       {"", "null"},
                                       {"'true'", R"("true")"},
                                       {"\"12\"", R"("12")"},
                                       {"!!str 12", R"("12")"},
                                       {"2024-01-31", R"("2024-01-31")"},
                                       {"2024-01-31T10:00:00Z", R"("2024-01-31T10:00:00Z")"},
                                       {"12", "12"},
                                       {"+12", "12"},
                                       {"-007", "-7"},
                                       {"0x1F", "31"},
                                       {"0o17", "15"},
                                       {"0xZ", R"("0xZ")"},
                                       {"1_000", R"("1_000")"},
                                       {"0.1", "0.1"},
                                       {".5", "0.5"},
                                       {"5.", "5"},
                                       {"1.10", "1.10"},
                                       {"3e-4", "3e-4"},
                                       {"1e999", "null"},
                                       {".inf", "null"},
                                       {".NaN", "null"},
                                       {"1.2.3", R"("1.2.3")"},
                                       {"12b", R"("12b")"},
                                       {"-", "error"},
                                       {"|\n  a\n  b", R"("a\nb\n")"},
                                       {"a \"b\"", R"("a \"b\"")"}}));
  CAPTURE(yaml);
  CHECK(value_of(yaml) == json);
}

TEST_CASE("yaml_json: lists, mappings and aliases", "[protocol][card]") {
  CHECK(value_of("[a, 1, [b]]") == R"(["a",1,["b"]])");
  CHECK(value_of("{a: 1, 2: b}") == R"({"a":1,"2":"b"})");
  CHECK(*yaml_to_json("a: &l [x]\nb: *l\n") == R"({"a":["x"],"b":["x"]})");
  CHECK(*yaml_to_json("# a comment\na: b # another\n\n") == R"({"a":"b"})");
  CHECK(*yaml_to_json("a: b\r\nc: d\r\n") == R"({"a":"b","c":"d"})");
}

TEST_CASE("yaml_json: what is refused", "[protocol][card]") {
  const auto yaml = GENERATE("", "just text", "- a\n- b\n", "a: [b\n", "a: *nothing\n",
                             "? [a]\n: b\n", "a: b: c\n", "\t- x: [");
  CAPTURE(yaml);
  const auto json = yaml_to_json(yaml);
  REQUIRE_FALSE(json);
  CHECK(json.error().code == Errc::invalid_argument);
}

TEST_CASE("yaml_json: depth, values and bytes are bounded", "[protocol][card]") {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']') + "\n";
  };
  CHECK(yaml_to_json(nested(yaml_depth_max)));
  CHECK_FALSE(yaml_to_json(nested(yaml_depth_max + 1)));
  CHECK_FALSE(yaml_to_json("a: &a [*a]\n"));

  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 25; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  CHECK_FALSE(yaml_to_json(bomb));
  std::string large = "a: &a " + std::string(yaml_json_bytes_max / 8, 'x') + "\nb: [";
  CHECK(yaml_to_json(large + "*a]\n"));
  for (int i = 0; i < 10; ++i) large += "*a, ";
  CHECK_FALSE(yaml_to_json(large + "*a]\n"));
}
