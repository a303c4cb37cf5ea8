#include "convert/tokenizer/tekken/tekken_vocabulary.h"

#include <functional>

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"

namespace waag::convert::testing {
namespace {

namespace json = boost::json;
using Strings = std::vector<std::string>;
using Ids = std::vector<std::pair<std::string, std::uint32_t>>;
using Added = std::vector<std::pair<std::string, bool>>;

json::object& config_of(json::object& tekken) { return tekken["config"].as_object(); }
json::array& vocab_of(json::object& tekken) { return tekken["vocab"].as_array(); }
json::array& specials_of(json::object& tekken) { return tekken["special_tokens"].as_array(); }

}  // namespace

TEST_CASE("tekken_vocabulary: special tokens, bytes, merged ones, padding",
          "[convert][tokenizer]") {
  const auto read = read_tekken(small_tekken(), 266);
  if (!read) FAIL(read.error().what);
  const auto& [tokens, types, scores] = read->bpe.vocabulary;
  REQUIRE(tokens.size() == 266);
  REQUIRE(types.size() == 266);
  CHECK(scores.empty());
  CHECK(Strings(tokens.begin(), tokens.begin() + 6) ==
        Strings{"<unk>", "<s>", "</s>", "<pad>", "<SPECIAL_4>", "\u0100"});
  CHECK(tokens[5 + 'A'] == "A");
  CHECK(Strings(tokens.begin() + 260, tokens.end()) ==
        Strings{"\u00ff", "\u0120t", "he", "\u0120the", "[PAD264]", "[PAD265]"});
  CHECK(types[0] == TokenType::control);
  CHECK(types[4] == TokenType::control);
  CHECK(types[5] == TokenType::normal);
  CHECK(types[263] == TokenType::normal);
  CHECK(types[264] == TokenType::unused);
  CHECK(read->bpe.merges == Strings{"\u0120 t", "h e", "\u0120t he"});
  CHECK(read->special.ids == Ids{{"bos", 1}, {"eos", 2}, {"unk", 0}, {"pad", 3}});
  CHECK(read->special.added == Added{{"bos", true}, {"eos", false}});
}

TEST_CASE("tekken_vocabulary: a special token stands at its rank", "[convert][tokenizer]") {
  auto tekken = small_tekken();
  specials_of(tekken) = {tekken_special(4, "</s>"), tekken_special(0, "<s>"),
                         tekken_special(2, "<unk>"), tekken_special(3, "<pad>")};
  const auto read = read_tekken(tekken, 264);
  if (!read) FAIL(read.error().what);
  const auto& tokens = read->bpe.vocabulary.tokens;
  CHECK(Strings(tokens.begin(), tokens.begin() + 5) ==
        Strings{"<s>", "<SPECIAL_1>", "<unk>", "<pad>", "</s>"});
  CHECK(read->special.ids == Ids{{"bos", 0}, {"eos", 4}, {"unk", 2}, {"pad", 3}});
}

TEST_CASE("tekken_vocabulary: a file of before v11 names no special tokens",
          "[convert][tokenizer]") {
  auto tekken = small_tekken();
  const auto* version = GENERATE("v3", "v7");
  config_of(tekken)["version"] = version;
  config_of(tekken)["default_num_special_tokens"] = 22;
  config_of(tekken)["default_vocab_size"] = 22 + 256;
  if (version == std::string_view("v3")) {
    tekken.erase("special_tokens");
  } else {
    tekken["special_tokens"] = nullptr;
  }
  const auto read = read_tekken(tekken, 278);
  if (!read) FAIL(read.error().what);
  const auto& tokens = read->bpe.vocabulary.tokens;
  CHECK(Strings(tokens.begin(), tokens.begin() + 4) == Strings{"<unk>", "<s>", "</s>", "[INST]"});
  CHECK(Strings(tokens.begin() + 19, tokens.begin() + 23) ==
        Strings{"[TOOL_CONTENT]", "<SPECIAL_20>", "<SPECIAL_21>", "\u0100"});
  CHECK(read->special.ids == Ids{{"bos", 1}, {"eos", 2}, {"unk", 0}, {"pad", 11}});
  CHECK(read->bpe.merges.empty());  // cut off
}

TEST_CASE("tekken_vocabulary: what is refused", "[convert][tokenizer]") {
  struct Case {
    const char* says;
    std::function<void(json::object&)> spoil;
  };
  const auto token = [](json::object& tekken, std::size_t at) -> json::object& {
    return vocab_of(tekken)[at].as_object();
  };
  const auto refused = GENERATE_COPY(values<Case>({
      {"there is no config", [](auto& all) { all.erase("config"); }},
      {"no name for this pattern", [](auto& all) { config_of(all)["pattern"] = R"(\p{L}+)"; }},
      {"pattern", [](auto& all) { config_of(all).erase("pattern"); }},
      {"version", [](auto& all) { config_of(all).erase("version"); }},
      {"no default_vocab_size", [](auto& all) { config_of(all).erase("default_vocab_size"); }},
      {"265, more than 264", [](auto& all) { config_of(all)["default_vocab_size"] = 265; }},
      {"default_vocab_size", [](auto& all) { config_of(all)["default_vocab_size"] = -1; }},
      {"265, more than 264", [](auto& all) { config_of(all)["default_num_special_tokens"] = 265; }},
      {"version v11 needs", [](auto& all) { all.erase("special_tokens"); }},
      {"default_num_special_tokens is too small",
       [](auto& all) {
         all.erase("special_tokens");
         config_of(all)["version"] = "v7";
       }},
      {"special_tokens is no list", [](auto& all) { all["special_tokens"] = "<s>"; }},
      {"a special token is no object", [](auto& all) { specials_of(all)[0] = "<s>"; }},
      {"a special token is empty", [](auto& all) { specials_of(all)[3] = tekken_special(3, ""); }},
      {"no rank below 5", [](auto& all) { specials_of(all)[3] = tekken_special(5, "<pad>"); }},
      {"rank 2 is given to two", [](auto& all) { specials_of(all)[3] = tekken_special(2, "x"); }},
      {"no special token <pad>", [](auto& all) { specials_of(all).pop_back(); }},
      {"the same text", [](auto& all) { specials_of(all).push_back(tekken_special(4, "<unk>")); }},
      {"tokens 4 and 262 have the same text",
       [](auto& all) { specials_of(all).push_back(tekken_special(4, "he")); }},
      {"there is no vocab", [](auto& all) { all.erase("vocab"); }},
      {"there are 258 tokens, not 259", [](auto& all) { vocab_of(all).resize(258); }},
      {"token 7 is no object", [](auto& all) { vocab_of(all)[7] = nullptr; }},
      {"token 7 is not at its rank", [&](auto& all) { token(all, 7)["rank"] = 8; }},
      {"token 7 is not at its rank", [&](auto& all) { token(all, 7).erase("rank"); }},
      {"token_bytes", [&](auto& all) { token(all, 7).erase("token_bytes"); }},
      {"token 7 is no base64", [&](auto& all) { token(all, 7)["token_bytes"] = "A"; }},
      {"token 7 has 0 bytes", [&](auto& all) { token(all, 7)["token_bytes"] = ""; }},
      {"token 258 has 1025 bytes",
       [](auto& all) { vocab_of(all)[258] = tekken_token(258, std::string(1025, 'a')); }},
      {"not every byte is a token", [](auto& all) { vocab_of(all)[7] = tekken_token(7, "xy"); }},
      {"tokens 261 and 263 have the same text",
       [](auto& all) { vocab_of(all)[258] = tekken_token(258, " t"); }},
  }));
  CAPTURE(refused.says);
  auto tekken = small_tekken();
  refused.spoil(tekken);
  const auto read = read_tekken(tekken, 264);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::unprocessable);
  CHECK(read.error().what.starts_with("tekken.json: "));
  CHECK_THAT(read.error().what, Catch::Matchers::Contains(refused.says));
}

TEST_CASE("tekken_vocabulary: the bound of a vocabulary", "[convert][tokenizer]") {
  const auto refused = read_tekken(small_tekken(), vocab_size_max + 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

TEST_CASE("tekken_vocabulary: as many tokens as it has", "[convert][tokenizer]") {
  const auto read = read_whole_tekken(small_tekken());
  REQUIRE(read);
  CHECK(read->bpe.vocabulary.tokens.size() == 264);
  CHECK(read->pattern == tekken_pattern);
  CHECK_FALSE(read_whole_tekken({}));
}

}  // namespace waag::convert::testing
