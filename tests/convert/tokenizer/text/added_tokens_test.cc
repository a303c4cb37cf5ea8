#include "convert/tokenizer/text/added_tokens.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

Normalizer prepending() {
  const auto value = boost::json::parse(R"({"type": "Prepend", "prepend": "_"})");
  return *Normalizer::read(&value);
}

Result<AddedTokens> read(const std::string& list, const Normalizer& normalizer = {}) {
  return AddedTokens::read(boost::json::parse(R"({"added_tokens": [)" + list + "]}").as_object(),
                           normalizer);
}

/// "text", "#id:text"; "^" before what nothing stands before.
std::vector<std::string> parts_of(const std::string& list, std::string_view text,
                                  const Normalizer& normalizer = {}) {
  const auto added = read(list, normalizer);
  CAPTURE(list, text);
  REQUIRE(added);
  std::vector<std::string> parts;
  REQUIRE(added->each(text, normalizer, [&](const AddedTokens::Part& part) {
    std::string said = part.begins ? "^" : "";
    if (part.id) said += "#" + std::to_string(*part.id) + ":";
    parts.push_back(said.append(part.text));
    return ok();
  }));
  return parts;
}

using Parts = std::vector<std::string>;
const std::string plain = R"({"id": 1, "content": "<t>"}, {"id": 2, "content": "<t><u>"})";

}  // namespace

TEST_CASE("added_tokens: the leftmost, and of these the longest", "[convert][tokenizer][text]") {
  CHECK(parts_of(plain, "a<t>b") == Parts{"^a", "#1:<t>", "b"});
  CHECK(parts_of(plain, "<t><u><t><t") == Parts{"#2:<t><u>", "#1:<t>", "<t"});
  CHECK(parts_of(plain, "none") == Parts{"^none"});
  CHECK(parts_of("", "none") == Parts{"^none"});
  CHECK(parts_of(plain, "").empty());
}

TEST_CASE("added_tokens: a special one is text, and hides what overlaps it",
          "[convert][tokenizer][text]") {
  const std::string special = R"({"id": 3, "content": "x<t>", "special": true}, )" + plain;
  CHECK(parts_of(special, "ax<t>") == Parts{"^ax<t>"});
  CHECK(parts_of(special, "x<t><t>") == Parts{"^x<t>", "#1:<t>"});
}

TEST_CASE("added_tokens: white space beside them", "[convert][tokenizer][text]") {
  const std::string left = R"({"id": 1, "content": "<t>", "lstrip": true})";
  const std::string right = R"({"id": 1, "content": "<t>", "rstrip": true})";
  CHECK(parts_of(left, "a \u3000<t> b") == Parts{"^a", "#1: \u3000<t>", " b"});
  CHECK(parts_of(left, " <t> <t>") == Parts{"#1: <t>", "#1: <t>"});
  CHECK(parts_of(right, "a <t>\u00a0\n\u4e2d") == Parts{"^a ", "#1:<t>\u00a0\n", "\u4e2d"});
}

TEST_CASE("added_tokens: of the text as it came, and as it is normalized",
          "[convert][tokenizer][text]") {
  const std::string both = R"({"id": 1, "content": "<t>"},
                              {"id": 2, "content": "x", "normalized": true})";
  CHECK(parts_of(both, "a<t>x", prepending()) == Parts{"^_a", "#1:<t>", "#2:_x"});
  CHECK(parts_of(both, "ax", prepending()) == Parts{"^_ax"});
}

TEST_CASE("added_tokens: what normalizing makes of them is bounded, too",
          "[convert][tokenizer][text]") {
  const auto longer = [](std::size_t size) {
    auto value = boost::json::parse(R"({"type": "Replace", "pattern": {"String": "a"}})");
    value.as_object()["content"] = std::string(size, 'b');
    return *Normalizer::read(&value);
  };
  const std::string one = R"({"id": 1, "content": "a", "normalized": true})";
  CHECK(read(one, longer(added_token_bytes_max)));
  const auto two = read(R"({"id": 1, "content": "aa", "normalized": true})", longer(513));
  REQUIRE_FALSE(two);
  CHECK(two.error().code == Errc::unprocessable);
  CHECK(two.error().what == "tokenizer.json: the added token \"aa\" is too long");
  std::string many = one;
  for (std::size_t size = 0; size < added_tokens_bytes_max; size += added_token_bytes_max)
    many += ", " + one;
  const auto all = read(many, longer(added_token_bytes_max));
  REQUIRE_FALSE(all);
  CHECK(all.error().what == "tokenizer.json: the added tokens are too long");
}

TEST_CASE("added_tokens: what is refused, by name", "[convert][tokenizer][text]") {
  const auto [list, says] = GENERATE(table<std::string, std::string_view>({
      {"1", "no object"},
      {R"({"content": "a"})", "the id of"},
      {R"({"id": 1})", "content"},
      {R"({"id": -1, "content": "a"})", "id"},
      {R"({"id": 99999999, "content": "a"})", "the id of"},
      {R"({"id": 1, "content": "a", "special": 1})", "special"},
      {R"({"id": 1, "content": "a", "single_word": true})", "single_word"},
      {R"({"id": 1, "content": "a"}, {"id": 2, "content": "a"})", "twice"},
      {R"({"id": 1, "content": ")" + std::string(1025, 'a') + R"("})", "too long"},
  }));
  const auto added = read(list);
  CAPTURE(list);
  REQUIRE_FALSE(added);
  CAPTURE(added.error().what);
  CHECK(added.error().code == Errc::unprocessable);
  CHECK(added.error().what.find(says) != std::string::npos);
}

}  // namespace waag::convert::testing
