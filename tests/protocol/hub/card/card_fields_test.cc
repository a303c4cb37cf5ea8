#include "protocol/hub/card/card_fields.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

using Texts = std::vector<std::string>;

TEST_CASE("card_fields: fields of another type are as good as absent", "[protocol][card]") {
  const auto card =
      object_of(R"({"a":"x","b":["x",1,true,null,["y"],""],"c":{"d":1},"n":2.5,"z":null})");
  CHECK(text_of(card, "a") == "x");
  CHECK(text_of(card, "b").empty());
  CHECK(text_of(card, "absent").empty());
  CHECK(texts_of(card, "a") == Texts{"x"});
  CHECK(texts_of(card, "b") == Texts{"x", "1", "true"});
  CHECK(texts_of(card, "c").empty());
  CHECK(texts_of(card, "n").size() == 1);
  CHECK(texts_of(card, "z").empty());
}

TEST_CASE("card_fields: what is no object is empty", "[protocol][card]") {
  const auto text = GENERATE("", "[1]", "nonsense", "{", "null");
  CHECK(object_of(text).empty());
}

TEST_CASE("card_fields: texts as a set and as JSON", "[protocol][card]") {
  Texts texts;
  add_once(texts, "a");
  add_once(texts, "b\"");
  add_once(texts, "a");
  CHECK(texts == Texts{"a", "b\""});
  CHECK(json_texts(texts) == R"(["a","b\""])");
}
