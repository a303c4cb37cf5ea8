#include "convert/tokenizer/text/normalizer.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

Result<Normalizer> read(std::string_view json) {
  const auto value = boost::json::parse(json);
  return Normalizer::read(&value);
}

void becomes(std::string_view json, std::string_view text, std::string_view wanted) {
  const auto normalizer = read(json);
  CAPTURE(json, text);
  REQUIRE(normalizer);
  const auto made = normalizer->apply(text);
  REQUIRE(made);
  CHECK(*made == wanted);
}

}  // namespace

TEST_CASE("normalizer: each kind", "[convert][tokenizer][text]") {
  CHECK(*Normalizer::read(nullptr)->apply("e\u0301") == "e\u0301");
  becomes("null", "e\u0301", "e\u0301");
  becomes(R"({"type": "NFC"})", "e\u0301", "\u00e9");
  becomes(R"({"type": "Prepend", "prepend": "_"})", "a", "_a");
  becomes(R"({"type": "Prepend", "prepend": "_"})", "", "");
  becomes(R"({"type": "Replace", "pattern": {"String": "."}, "content": "--"})", ".a.", "--a--");
  becomes(R"({"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"})", "caab", "cbb");
}

TEST_CASE("normalizer: one after the other", "[convert][tokenizer][text]") {
  becomes(R"({"type": "Sequence", "normalizers": []})", " a", " a");
  becomes(R"({"type": "Sequence", "normalizers": [
             {"type": "Prepend", "prepend": "\u2581"},
             {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]})",
          " a b", "\u2581\u2581a\u2581b");
}

TEST_CASE("normalizer: what is refused, by name", "[convert][tokenizer][text]") {
  const auto [json, says] = GENERATE(table<std::string_view, std::string_view>({
      {R"({"type": "Lowercase"})", "Lowercase"},
      {R"({"type": "NFKC"})", "NFKC"},
      {R"({"type": "Sequence", "normalizers": [{"type": "Strip"}]})", "Strip"},
      {R"({"type": "Sequence"})", "malformed"},
      {R"("NFC")", "malformed"},
      {R"({"type": 1})", "type"},
      {R"({"type": "Prepend"})", "prepend"},
      {R"({"type": "Replace", "pattern": {}, "content": ""})", "neither"},
      {R"({"type": "Replace", "pattern": {"String": ""}, "content": ""})", "neither"},
      {R"({"type": "Replace", "content": ""})", "no pattern"},
      {R"({"type": "Replace", "pattern": {"Regex": "\\w"}, "content": ""})", "\\w"},
  }));
  const auto made = read(json);
  CAPTURE(json);
  REQUIRE_FALSE(made);
  CAPTURE(made.error().what);
  CHECK(made.error().code == Errc::unprocessable);
  CHECK(made.error().what.find(says) != std::string::npos);
}

TEST_CASE("normalizer: a text that grows without end", "[convert][tokenizer][text]") {
  const auto by = [](std::size_t size) {
    return read(R"({"type": "Replace", "pattern": {"String": "a"}, "content": ")" +
                std::string(size, 'b') + R"("})");
  };
  const auto normalizer = by(1024);
  REQUIRE(normalizer);
  CHECK(normalizer->apply("aaa")->size() == 3 * 1024);
  const auto made = normalizer->apply(std::string(4 * text_bytes_max / 1024 + 1, 'a'));
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::too_large);
  CHECK_FALSE(by(1025));
}

}  // namespace waag::convert::testing
