#include "protocol/ids.h"

#include <catch2/catch.hpp>

using namespace waag;

TEST_CASE("ids: hex both ways, and only of the right length", "[protocol][ids]") {
  const std::string hex = "0123456789abcdef0123456789abcdef01234567";
  const auto id = GitId::parse(hex);
  REQUIRE(id);
  CHECK(id->hex() == hex);
  CHECK_FALSE(id->is_zero());
  CHECK(GitId{}.is_zero());
  CHECK_FALSE(GitId::parse(hex + "00"));
  CHECK_FALSE(GitId::parse(hex.substr(1)));
  CHECK_FALSE(GitId::from(as_bytes("short")));
  CHECK(*GitId::from(id->view()) == *id);
}

TEST_CASE("ids: repository names that are taken", "[protocol][ids]") {
  const auto name = GENERATE("a", "Qwen2.5-7B-Instruct", "a_b", "0", "x.y", "_x", "gitx");
  CAPTURE(name);
  const auto id = RepoId::make(RepoType::model, "Acme", name);
  REQUIRE(id);
  CHECK(id->full_name() == std::string("Acme/") + name);
}

TEST_CASE("ids: repository names that are refused", "[protocol][ids]") {
  const auto name = GENERATE(as<std::string>{}, "", "-a", "a-", ".a", "a.", "a--b", "a..b", "a.git",
                             "a b", "a/b", "a%2fb", "\xC3\xA9", "a\n", std::string(97, 'a'));
  CAPTURE(name);
  CHECK(RepoId::make(RepoType::model, "acme", name).error().code == Errc::invalid_argument);
  CHECK(RepoId::make(RepoType::model, name, "tiny").error().code == Errc::invalid_argument);
}

TEST_CASE("ids: the words for repository types", "[protocol][ids]") {
  const auto type = GENERATE(RepoType::model, RepoType::dataset, RepoType::space);
  CHECK(*parse_repo_type(to_string(type)) == type);
  CHECK(api_plural(type) == std::string(to_string(type)) + "s");
  CHECK(web_prefix(type) == (type == RepoType::model ? "" : std::string(api_plural(type)) + "/"));
  CHECK_FALSE(parse_repo_type("models"));
}
