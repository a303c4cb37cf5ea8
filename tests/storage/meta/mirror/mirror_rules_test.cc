#include "storage/meta/mirror/mirror_rules.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "mirror rules: by name without case, for good",
                 "[storage][mirror]") {
  {
    MirrorRuleTable rules(store->rows());
    REQUIRE(rules.add("nightly", "one"));
    REQUIRE(rules.add("Blue", "two"));
    const auto taken = rules.add("NIGHTLY", "three");
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code == Errc::conflict);
  }
  reopen();
  MirrorRuleTable rules(store->rows());
  CHECK(*rules.find("Nightly") == "one");
  CHECK(*rules.list() == std::vector<std::string>{"two", "one"});
  REQUIRE(rules.change("nightly", [](std::string& text) {
    text += "!";
    return ok();
  }));
  CHECK(*rules.find("nightly") == "one!");
  REQUIRE_FALSE(rules.change("nightly", [](std::string& text) -> Status {
    text = "lost";
    return fail(Errc::invalid_argument, "no");
  }));
  CHECK(*rules.find("nightly") == "one!");
  REQUIRE(rules.remove("NIGHTLY"));
  CHECK(rules.find("nightly").error().code == Errc::not_found);
  CHECK(rules.remove("nightly").error().code == Errc::not_found);
  CHECK(rules.change("nightly", [](std::string&) { return ok(); }).error().code == Errc::not_found);
}

}  // namespace waag::storage
