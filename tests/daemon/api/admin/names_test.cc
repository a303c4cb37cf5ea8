#include "daemon/api/admin/names.h"

#include <catch2/catch.hpp>

using namespace waag::daemon;

TEST_CASE("names: users", "[daemon][names]") {
  for (const auto* name : {"ada", "Ada-2", "a", "__DUMMY_USER__", "a.b_c"}) {
    CAPTURE(name);
    CHECK(check_user_name(name));
  }
  for (const std::string name : {"", "api", "API", "models", "a/b", "a b", "-a", "a-", ".", "a..b",
                                 "caf\xC3\xA9", "012345678901234567890123456789012345678901x"}) {
    CAPTURE(name);
    CHECK_FALSE(check_user_name(name));
  }
}

TEST_CASE("names: display texts", "[daemon][names]") {
  CHECK(*display_text("x", "Ada L\xC3\xB6v") == "Ada L\xC3\xB6v");
  CHECK_FALSE(display_text("x", "a\nb"));
  CHECK_FALSE(display_text("x", "a <b>"));
  CHECK_FALSE(display_text("x", "\xFF"));
  CHECK_FALSE(display_text("x", std::string(201, 'a')));
}
