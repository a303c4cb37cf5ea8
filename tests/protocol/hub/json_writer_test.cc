#include "protocol/hub/json_writer.h"

#include <catch2/catch.hpp>

using waag::hub::JsonWriter;

TEST_CASE("json_writer: commas and nesting", "[protocol][json_writer]") {
  JsonWriter json;
  json.begin_object().field("a", 1).field("b", "x").field("c", true).key("d").begin_array();
  json.begin_object().end_object().string("s").number(std::uint64_t{18446744073709551615U}).null();
  json.begin_array().end_array().end_array().key("e").raw("{\"f\":[]}").field("g", -5).end_object();
  CHECK(
      json.take() ==
      R"({"a":1,"b":"x","c":true,"d":[{},"s",18446744073709551615,null,[]],"e":{"f":[]},"g":-5})");
}

TEST_CASE("json_writer: escapes", "[protocol][json_writer]") {
  const auto text = [](std::string_view value) {
    JsonWriter json;
    json.string(value);
    return json.take();
  };
  CHECK(text("a\"b\\c/\n\r\t\b\x1f\x7f") == "\"a\\\"b\\\\c/\\n\\r\\t\\u0008\\u001f\x7f\"");
  CHECK(text(std::string_view("\0", 1)) == "\"\\u0000\"");
  CHECK(text("\xC3\xA9\xF0\x9F\x98\x80") == "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  CHECK(text("a\xFF\xC3\xA9\xE4\xBD") == "\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(text("") == "\"\"");
}
