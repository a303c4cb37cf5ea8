#include "convert/tokenizer/json_parts.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("json_parts: both spellings of a merge", "[convert][tokenizer]") {
  for (const char* text : {R"("a bc")", R"(["a","bc"])"}) {
    const auto parts = merge_parts(boost::json::parse(text));
    CAPTURE(text);
    REQUIRE(parts);
    CHECK(parts->left == "a");
    CHECK(parts->right == "bc");
  }
  CHECK(merge_parts(boost::json::parse(R"(["a b","c"])"))->left == "a b");
}

TEST_CASE("json_parts: what is no merge", "[convert][tokenizer]") {
  const auto* text = GENERATE(R"("a")", R"("a b c")", R"(" b")", R"("a ")", R"(["a"])",
                              R"(["a","b","c"])", R"(["a",1])", R"(["","b"])", "1", "{}");
  CAPTURE(text);
  CHECK_FALSE(merge_parts(boost::json::parse(text)));
}

TEST_CASE("json_parts: members", "[convert][tokenizer]") {
  const auto from = boost::json::parse(R"({"of": {}, "text": "x", "null": null})").as_object();
  CHECK(object_at(from, "of") != nullptr);
  CHECK(object_at(from, "text") == nullptr);
  CHECK(object_at(from, "none") == nullptr);
  CHECK(has_text(from, "text", "x"));
  CHECK_FALSE(has_text(from, "text", "y"));
  CHECK_FALSE(has_text(from, "of", "x"));
}

}  // namespace waag::convert::testing
