#include "daemon/mirror/history_roads.h"

#include <catch2/catch.hpp>

#include "tests/daemon/upstream/history/follower.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

struct Roads : Follower {
  HistoryRoads roads{*store, {.retries = 3, .retry_base = std::chrono::milliseconds(1)}};

  Roads() {
    fill(up);
    up.raw_refs_status = 200;
  }
  Result<History> bring() {
    request.until.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto history = roads.fetch(*client, {RepoType::model, "acme", "repo"}, options, request);
    up.join();
    return history;
  }
  /// What was asked since the last call, one letter each: Refs and Objects of the raw road, refs
  /// and pack of git's.
  std::string asked() {
    std::string letters;
    const auto& all = up.join();
    for (; seen_ < all.size(); ++seen_) {
      const std::string_view url = all[seen_].url;
      letters += url.ends_with("/git/refs")           ? 'R'
                 : url.ends_with("/git/objects")      ? 'O'
                 : url.find("/info/refs") != url.npos ? 'r'
                                                      : 'p';
    }
    return letters;
  }

 private:
  std::size_t seen_ = 0;
};

}  // namespace

TEST_CASE("history_roads: raw objects where the upstream has them", "[daemon][mirror]") {
  Roads hub;
  SECTION("git is not asked") {}
  SECTION("git is closed there") { hub.up.refs_status = 404; }
  REQUIRE(hub.bring());
  CHECK(hub.asked() == "RO");
  hub.check_equal();
}

TEST_CASE("history_roads: git where there are none", "[daemon][mirror]") {
  Roads hub;
  hub.up.raw_refs_status = 404;
  REQUIRE(hub.bring());
  CHECK(hub.asked() == "Rrp");
  hub.check_equal();
  // It is not asked for them again.
  hub.up.work("git commit -q --allow-empty -m empty");
  hub.up.publish();
  REQUIRE(hub.bring());
  CHECK(hub.asked() == "rp");
  hub.check_equal();
}

TEST_CASE("history_roads: refused for one repository alone", "[daemon][mirror]") {
  Roads hub;
  hub.up.raw_refs_status = 404;
  hub.up.raw_refs_headers.set("X-Error-Code", "RepoNotFound");
  SECTION("git is asked") {
    REQUIRE(hub.bring());
    CHECK(hub.asked() == "Rrp");
    hub.check_equal();
    hub.up.raw_refs_status = 200;
    hub.up.work("git commit -q --allow-empty -m empty");
    hub.up.publish();
    REQUIRE(hub.bring());
    CHECK(hub.asked() == "RO");
  }
  SECTION("git refuses too, which is the end") {
    hub.up.refs_status = GENERATE(401u, 403u, 404u);
    CHECK(failed(hub.bring(), Errc::upstream_failed));
    CHECK(hub.asked() == "Rr");
  }
}

TEST_CASE("history_roads: an upstream without any is told from one that refuses",
          "[daemon][mirror]") {
  Roads hub;
  hub.up.raw_refs_status = 404;
  SECTION("it has none") {
    hub.up.refs_status = GENERATE(404u, 410u);
    CHECK(failed(hub.bring(), Errc::not_found));
    CHECK(hub.asked() == "Rr");
    CHECK(failed(hub.bring(), Errc::not_found));  // raw objects are not asked for again
    CHECK(hub.asked() == "r");
  }
  SECTION("it refuses") {
    hub.up.refs_status = GENERATE(401u, 403u);
    CHECK(failed(hub.bring(), Errc::upstream_failed));
    CHECK(hub.asked() == "Rr");
  }
}

TEST_CASE("history_roads: what fails is tried again by the other road", "[daemon][mirror]") {
  Roads hub;
  hub.up.bend_objects = [](std::vector<GitServer::Object>& objects) { objects.pop_back(); };
  SECTION("which has it") {
    REQUIRE(hub.bring());
    CHECK(hub.asked() == "ROrp");
    hub.check_equal();
  }
  SECTION("which is closed") {
    hub.up.refs_status = 404;
    int times = 0;
    hub.up.bend_objects = [&times](std::vector<GitServer::Object>& objects) {
      if (++times == 1) objects.pop_back();
    };
    REQUIRE(hub.bring());
    CHECK(hub.asked() == "ROrRO");
    hub.check_equal();
  }
  SECTION("and neither has it") {
    hub.up.refs_status = 500;
    CHECK(failed(hub.bring(), Errc::upstream_failed));
    CHECK(hub.asked() == "ROrROr");
  }
}
