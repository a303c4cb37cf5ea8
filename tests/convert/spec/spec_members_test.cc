#include "convert/spec/spec_members.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

boost::json::object object_of(std::string_view text) {
  return boost::json::parse(text).as_object();
}

}  // namespace

TEST_CASE("spec_members: a spec has a size", "[convert][spec]") {
  CHECK(parse_spec(R"({"a":1})", 1 << 20));
  const auto large = parse_spec(std::string((2 << 20) + 1, ' '), 2 << 20);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == Errc::too_large);
  CHECK(large.error().what == "the spec is larger than 2 MiB");
  CHECK_FALSE(parse_spec("[]", 1 << 20));
}

TEST_CASE("spec_members: members", "[convert][spec]") {
  CHECK(check_members(object_of(R"({"a":1,"b":2})"), {"b", "a", "c"}));
  CHECK(check_members(object_of(R"({"a":1,"d":2})"), {"a"}).error().what == "unknown member d");
  CHECK(*absolute_path(object_of(R"({"a":"/b"})"), "a") == "/b");
  CHECK_FALSE(absolute_path(object_of(R"({"a":"b"})"), "a"));
  CHECK_FALSE(absolute_path(object_of("{}"), "a"));
  CHECK(*threads_member(object_of("{}")) == 0);
  CHECK(*threads_member(object_of(R"({"threads":1024})")) == 1024);
  CHECK_FALSE(threads_member(object_of(R"({"threads":1025})")));
}

TEST_CASE("spec_members: tokens", "[convert][spec]") {
  CHECK(*token_lists(object_of(R"({"tokens":[[0,4294967295],[]]})")) ==
        std::vector<TokenText>{{0, UINT32_MAX}, {}});
  for (const auto* bad : {R"({})", R"({"tokens":[]})", R"({"tokens":[1]})", R"({"tokens":[[1.5]]})",
                          R"({"tokens":[[4294967296]]})", R"({"tokens":[[-1]]})"})
    CHECK_FALSE(token_lists(object_of(bad)));
}

}  // namespace waag::convert::testing
