#pragma once

#include "storage/meta/accounts/orgs.h"
#include "tests/support/store_fixture.h"

namespace waag::testing {

/// Users Ann and Bob, the organisation Acme whose admin Ann is, and a repo of it.
struct AccountsFixture : StoreFixture {
  std::uint64_t repo = 0;

  AccountsFixture() {
    for (const auto* name : {"Ann", "Bob"}) {
      storage::UserRow user;
      user.name = name;
      REQUIRE(store->add_user(user));
    }
    REQUIRE(store->orgs().add({"Acme", "Acme Inc.", storage::Visibility::open, {}}, "ann"));
    repo = make_repo("tiny");
  }

  /// fsck finds nothing.
  void check_whole() {
    const auto report = storage::fsck(*store);
    REQUIRE(report);
    for (const auto& problem : report->problems) FAIL_CHECK(problem);
  }
};

}  // namespace waag::testing
