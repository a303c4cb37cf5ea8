#include "daemon/api/common/json_body.h"

#include "tests/daemon/hub_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeBody;
using waag::daemon::testing::run_task;

namespace {

Result<boost::json::object> read(const std::string& text, std::size_t bytes_max = 1000) {
  Request request;
  request.body = std::make_shared<FakeBody>(text);
  return run_task(read_json(request, bytes_max));
}

}  // namespace

TEST_CASE("json_body: objects only, an empty body is one", "[daemon][json_body]") {
  CHECK(read("")->empty());
  CHECK(read(R"({"a":1})")->at("a") == 1);
  Request without;
  CHECK(run_task(read_json(without, 10))->empty());
  for (const std::string bad : {"[]", "1", "{", "{}x", "null", "\xFF"}) {
    CAPTURE(bad);
    const auto result = read(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::invalid_argument);
  }
}

TEST_CASE("json_body: limits", "[daemon][json_body]") {
  CHECK(read(R"({"a":12345})", 5).error().code == Errc::too_large);
  const std::string deep = R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}";
  CHECK_FALSE(read(deep));
  const std::string shallow = R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}";
  CHECK(read(shallow));
}

TEST_CASE("json_body: typed fields", "[daemon][json_body]") {
  const auto object = *read(R"({"text":"x","yes":true,"no":null,"number":7})");
  CHECK(*text_field(object, "text") == "x");
  CHECK_FALSE(text_field(object, "no")->has_value());
  CHECK_FALSE(text_field(object, "absent")->has_value());
  CHECK(text_field(object, "number").error().what == "\"number\" must be a string");
  CHECK(*bool_field(object, "yes") == true);
  CHECK_FALSE(bool_field(object, "no")->has_value());
  CHECK_FALSE(bool_field(object, "text"));
}
