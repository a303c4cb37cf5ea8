#include "daemon/api/admin/names.h"

#include <catch2/catch.hpp>

#include "daemon/http/routes.h"

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

TEST_CASE("names: no repo hides behind a short id", "[daemon][names]") {
  CHECK(check_new_repo_name("tiny"));
  CHECK_FALSE(check_new_repo_name("Revision"));
  // Of "/{web}/{name}/WORD/..." every WORD: "/ada/WORD/WORD/main" would be ambiguous.
  int found = 0;
  for (const Route& route : routes()) {
    const auto at = route.path.find("/{name}/");
    if (at == std::string_view::npos || route.path.find("{ns}") != std::string_view::npos) continue;
    auto word = route.path.substr(at + 8);
    word = word.substr(0, word.find('/'));
    CAPTURE(route.path, word);
    CHECK_FALSE(check_new_repo_name(word));
    ++found;
  }
  CHECK(found >= 3);
}

TEST_CASE("names: display texts", "[daemon][names]") {
  CHECK(*display_text("x", "Ada L\xC3\xB6v") == "Ada L\xC3\xB6v");
  CHECK_FALSE(display_text("x", "a\nb"));
  CHECK_FALSE(display_text("x", "a <b>"));
  CHECK_FALSE(display_text("x", "\xFF"));
  CHECK_FALSE(display_text("x", std::string(201, 'a')));
}
