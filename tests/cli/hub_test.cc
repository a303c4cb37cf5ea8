#include "cli/hub.h"

#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::FakeHttp;

TEST_CASE("hub: requests carry the token and JSON", "[cli][hub]") {
  FakeHttp http;
  http.replies = {{200, R"({"a":1})", ""}};
  Hub hub(http, "http://h", "hf_t");
  const auto answer = hub.call("POST", "/x", boost::json::value{{"k", "v"}});
  CHECK_FALSE(answer.failure);
  CHECK(answer.json.at("a") == 1);
  CHECK(http.seen.at(0).url == "http://h/x");
  CHECK(http.seen.at(0).token == "hf_t");
  CHECK(http.seen.at(0).body == R"({"k":"v"})");
}

TEST_CASE("hub: a failure in the middle of a list is a failure", "[cli][hub]") {
  FakeHttp http;
  http.replies = {{200, "[1,2]", "http://h/next"}, {500, R"({"error":"broken"})", ""}};
  Hub hub(http, "http://h", "");
  const auto answer = hub.list("/x", 10);
  REQUIRE(answer.failure);
  CHECK(answer.failure->status == 500);
  CHECK(answer.failure->text == "broken (HTTP 500)");
}

TEST_CASE("hub: a list stops at its bound", "[cli][hub]") {
  FakeHttp http;
  http.replies = {{200, "[1,2]", "http://h/next"}, {200, "[3,4]", "http://h/more"}};
  Hub hub(http, "http://h", "");
  CHECK(hub.list("/x", 3).json.as_array().size() == 3);
  CHECK(http.seen.size() == 2);
}

TEST_CASE("hub: plural names of types", "[cli][hub]") {
  CHECK(plural("model") == "models");
  CHECK(plural("dataset") == "datasets");
  CHECK(plural("space") == "spaces");
}
