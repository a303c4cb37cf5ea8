#pragma once

#include <fstream>

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/groups.h"
#include "storage/meta/accounts/orgs.h"
#include "tests/support/store_fixture.h"

namespace waag::testing {

/// A store with something of everything in it, and a hand for damage.
struct FsckFixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  std::string weights = noise(9, 300'000);
  std::string large_text = noise(10, 150'000);
  CommitId last;

  FsckFixture() {
    last = commit(uid, {put("a/b.txt", "text"), put_lfs("m.bin", weights), put("v", large_text)});
    storage::UserRow user;
    user.name = "ann";
    REQUIRE(store->add_user(user));
    storage::TokenRow token;
    token.public_id = "tok1";
    token.user = "ann";
    REQUIRE(store->put_token(token));
    REQUIRE(store->orgs().add({"lab", "", storage::Visibility::open, {}}, "ann"));
    REQUIRE(store->groups().put("lab", {"crew", storage::Role::read, {}}));
    REQUIRE(store->groups().add_member("lab", "crew", "ann"));
    REQUIRE(store->grants().put(uid, {{"lab", "crew"}, storage::Role::write, {}}));
    REQUIRE(store->grants().put(uid, {{"", "ann"}, storage::Role::read, {}}));
  }

  std::vector<std::string> problems() {
    auto report = storage::fsck(*store);
    REQUIRE(report);
    return report->problems;
  }
  bool finds(const std::string& what) {
    for (const auto& problem : problems())
      if (problem.find(what) != std::string::npos) return true;
    return false;
  }
  void remove_row(const std::string& key) {
    REQUIRE(*store->rows().get(key));
    storage::Transaction damage;
    damage.dels.push_back(key);
    REQUIRE(store->rows().apply(damage));
  }
  void put_row(const std::string& key, const std::string& value) {
    storage::Transaction damage;
    damage.puts.push_back({key, value});
    REQUIRE(store->rows().apply(damage));
  }
  std::string row(const std::string& key) {
    const auto value = store->rows().get(key);
    REQUIRE(value);
    REQUIRE(*value);
    return **value;
  }
  /// The first row of a kind.
  storage::Row first(char kind) {
    storage::Row found;
    REQUIRE(store->rows().scan(std::string(1, kind), "", [&](auto key, auto value) {
      found = {std::string(key), std::string(value)};
      return false;
    }));
    REQUIRE_FALSE(found.key.empty());
    return found;
  }
  BlobId weights_id() const { return sha256(as_bytes(weights)); }
};

}  // namespace waag::testing
