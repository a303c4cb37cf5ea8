#include "protocol/hub/card/front_matter.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

TEST_CASE("front_matter: where it begins and ends", "[protocol][front_matter]") {
  CHECK(front_matter("---\nlicense: mit\n---\n# T") == "license: mit\n");
  CHECK(front_matter("\xEF\xBB\xBF---\r\na: b\r\n---\r\n") == "a: b\r\n");
  CHECK(front_matter("---\na: b\n---") == "a: b\n");
  CHECK(front_matter("\n \r\n---\na: b\n---\n") == "a: b\n");
  CHECK(front_matter("\n\ntext\n---\na: b\n---\n").empty());
  CHECK(front_matter("\n\n").empty());
  CHECK(front_matter("---\nnever: closed\n").empty());
  CHECK(front_matter("# no metadata\n---\na: b\n---\n").empty());
  CHECK(front_matter("").empty());
}

TEST_CASE("front_matter: good cards", "[protocol][front_matter]") {
  const auto text = GENERATE("---\nlicense: mit\ntags:\n- a\n---\n",
                             "---\nlicense: [mit, apache-2.0]\nlanguage: en\n---\n",
                             "---\nmodel-index:\n- name: x\n---\n", "---\n# only a comment\n---\n");
  const auto problems = check_card(text);
  CHECK(problems.errors.empty());
  CHECK(problems.warnings.empty());
}

TEST_CASE("front_matter: a missing card is a warning", "[protocol][front_matter]") {
  CHECK(check_card("# T").warnings.size() == 1);
  CHECK(check_card("# T").errors.empty());
}

TEST_CASE("front_matter: bad cards", "[protocol][front_matter]") {
  const auto text = GENERATE("---\nmodel-index: foo\n---\n", "---\n- a\n- b\n---\n",
                             "---\na: [b\n---\n", "---\ntags: {a: b}\n---\n",
                             "---\nlicense: {a: b}\n---\n", "---\na: *nothing\n---\n");
  CAPTURE(text);
  CHECK_FALSE(check_card(text).errors.empty());
  CHECK_FALSE(
      check_card("---\n" + std::string(front_matter_bytes_max, '#') + "\n---\n").errors.empty());
}

TEST_CASE("front_matter: nesting and alias bombs end quickly", "[protocol][front_matter]") {
  CHECK_FALSE(check_card("---\na: " + std::string(100'000, '[') + "\n---\n").errors.empty());
  std::string bomb = "---\na0: &a0 [x, x]\n";
  for (int i = 1; i < 60; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
            "]\n";
  }
  CHECK(check_card(bomb + "---\n").errors.empty());
}

TEST_CASE("front_matter: the reply is JSON with both arrays", "[protocol][front_matter]") {
  CHECK(card_reply({}) == R"({"errors":[],"warnings":[]})");
  CHECK(card_reply({{"a \"b\""}, {}}) == R"({"errors":[{"message":"a \"b\""}],"warnings":[]})");
}
