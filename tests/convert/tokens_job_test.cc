#include "convert/tokens_job.h"

#include <fstream>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/support/temp_folder.h"

namespace waag::convert::testing {

using waag::testing::TempFolder;

TEST_CASE("tokens_job: what is asked", "[convert][tokens_job]") {
  const auto spec = parse_tokens_spec(R"({"model":"/m","text":"/t"})");
  REQUIRE(spec);
  CHECK(spec->model == "/m");
  CHECK(spec->text == "/t");
  const auto* text =
      GENERATE("", "[]", R"({"model":"/m"})", R"({"text":"/t"})", R"({"model":"m","text":"/t"})",
               R"({"model":"/m","text":1})", R"({"model":"/m","text":"/t","more":1})");
  CAPTURE(text);
  const auto bad = parse_tokens_spec(text);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == Errc::invalid_argument);
}

TEST_CASE("tokens_job: what is said", "[convert][tokens_job]") {
  const TempFolder folder;
  std::ofstream(folder.path() / "tekken.json") << boost::json::serialize(small_tekken());
  TokensSpec spec{folder.path(), folder.path() / "text"};
  std::vector<boost::json::object> said;
  const auto run = [&] {
    return run_tokens(
        spec, [&](std::string_view line) { said.push_back(boost::json::parse(line).as_object()); });
  };
  const auto none = run();
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);
  std::ofstream(spec.text) << " the a";
  REQUIRE(run());
  REQUIRE(said.size() == 2);
  CHECK(said[0].at("event") == "tokens");
  CHECK(said[0].at("bos") == 1);
  CHECK(said[0].at("sha256").as_string().size() == 64);
  CHECK(said[0].at("tokens") == boost::json::parse("[263, 37, 102]"));
  CHECK(said[1].at("event") == "done");
  CHECK(said[1].at("tokens") == 3);
}

}  // namespace waag::convert::testing
