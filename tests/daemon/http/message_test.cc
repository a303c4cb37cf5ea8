#include "daemon/http/message.h"

#include <catch2/catch.hpp>

namespace waag::daemon {

TEST_CASE("message: headers are found without case, set replaces, add repeats",
          "[daemon][message]") {
  Headers headers;
  headers.add("ETag", "1");
  headers.add("Etag", "2");
  CHECK(headers.get("etag") == "1");
  CHECK(headers.all().size() == 2);
  headers.set("ETAG", "3");
  CHECK(headers.all().size() == 1);
  CHECK(headers.get("etag") == "3");
  CHECK_FALSE(headers.get("eta"));
}

TEST_CASE("message: query keys repeat, brackets are dropped, booleans are read",
          "[daemon][message]") {
  Query query;
  query.add("expand[]", "a");
  query.add("expand", "b");
  query.add("t", "True");
  query.add("f", "False");
  query.add("one", "1");
  CHECK(query.all("expand") == std::vector<std::string_view>{"a", "b"});
  CHECK(query.get("expand") == "a");
  CHECK(query.flag("t"));
  CHECK(query.flag("one"));
  CHECK_FALSE(query.flag("f"));
  CHECK_FALSE(query.flag("absent"));
}

TEST_CASE("message: ready-made responses", "[daemon][message]") {
  const auto json = json_response("{}", 201);
  CHECK(json.status == 201);
  CHECK(json.headers.get("Content-Type") == "application/json; charset=utf-8");
  CHECK(std::get<std::string>(text_response("x").body) == "x");
}

}  // namespace waag::daemon
