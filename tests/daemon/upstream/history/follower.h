#pragma once

#include <sstream>

#include <catch2/catch.hpp>

#include "daemon/upstream/history/git_client.h"
#include "daemon/upstream/hub_client.h"
#include "protocol/git/fetch_request.h"
#include "storage/git/objects.h"
#include "tests/daemon/upstream/client_fixture.h"
#include "tests/daemon/upstream/history/git_server.h"
#include "tests/support/git_oracle.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon::testing {

using waag::testing::StoreFixture;

inline const std::string main_ref = "refs/heads/main";

inline std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

inline GitId id_of(const std::string& hex) {
  const auto id = GitId::parse(hex.substr(0, 2 * GitId::size_bytes));
  if (!id) FAIL("no id: " << hex);
  return *id;
}

/// A repo here that follows a repository of real git.
struct Follower : StoreFixture {
  std::uint64_t uid = make_repo("repo");
  GitServer up;
  HistoryRequest request;
  storage::PushOptions options;
  std::string authorization;
  std::shared_ptr<Governor> governor;
  std::unique_ptr<HubClient> client;

  Follower() {
    governor = std::make_shared<Governor>(Governor::Options{}, clock, random);
    HubClient::Options with;
    with.base_url = GitServer::origin;
    with.token = Secret("secret");
    with.retries = 0;
    auto made = HubClient::make(std::move(with), up, governor);
    REQUIRE(made);
    client = *std::move(made);
    request.selected = [](std::string_view) { return true; };
    options.repo_uid = uid;
    options.user = "mirror";
    options.mirror = true;
  }

  virtual ~Follower() { up.join(); }  // its threads tell the governor

  /// By the road that the test is about; git's unless it says otherwise.
  virtual std::unique_ptr<HistorySource> source() {
    GitSource::Options with;
    with.url = GitServer::url;
    with.authorization = authorization;
    return std::make_unique<GitSource>(up, with);
  }
  Result<History> fetch_in(std::chrono::milliseconds time) {
    request.until.deadline = std::chrono::steady_clock::now() + time;
    auto push = store->git_push(options);
    REQUIRE(push);
    auto history = fetch_history(*source(), **push, request);
    up.join();
    return history;
  }
  Result<History> fetch() { return fetch_in(std::chrono::seconds(30)); }
  History must_fetch() {
    auto history = fetch();
    if (!history) FAIL("fetch_history: " << history.error().what);
    for (const auto& ref : history->refused) FAIL_CHECK(ref.name << ": " << ref.reason);
    return *std::move(history);
  }
  Error must_fail() {
    const auto before = refs();
    const auto history = fetch();
    REQUIRE_FALSE(history);
    CHECK(refs() == before);
    check_store();
    const auto left = std::filesystem::directory_iterator(store->scratch());
    CHECK(std::filesystem::begin(left) == std::filesystem::end(left));
    return history.error();
  }
  /// As git show-ref prints them.
  std::string refs() {
    auto list = store->list_refs(uid);
    REQUIRE(list);
    std::string text;
    for (const auto& ref : *list) {
      const auto& tag = ref.row.tag_object;
      text += (tag.is_zero() ? ref.row.target.hex() : tag.hex()) + " " + ref.name + "\n";
      if (!tag.is_zero()) text += ref.row.target.hex() + " " + ref.name + "^{}\n";
    }
    return text;
  }
  void check_store() {
    const auto report = storage::fsck(*store);
    REQUIRE(report);
    for (const auto& problem : report->problems) FAIL_CHECK(problem);
  }

  /// What this repo answers to a clone of all its refs, as real git lists it.
  std::string listed_here(waag::test::GitOracle& git) {
    git::FetchRequest wanted;
    std::string tips;
    for (const auto& line : lines_of(refs())) {
      wanted.wants.push_back(id_of(line));
      tips += wanted.wants.back().hex() + "\n";
    }
    auto fetch = store->git_fetch(uid, wanted);
    REQUIRE(fetch);
    auto source = (*fetch)->pack();
    REQUIRE(source);
    std::string pack;
    Bytes block(64 * 1024);
    while (true) {
      const auto got = (*source)->read(block);
      REQUIRE(got);
      pack += as_text(ByteView(block).first(*got));
      if (*got < block.size()) break;
    }
    git.run("index-pack --stdin --strict", pack);
    return git.run("rev-list --objects --no-object-names --stdin", tips);
  }
  /// Refs and every object are the upstream's, byte for byte.
  void check_equal() {
    CHECK(refs() == up.sh("git --git-dir=up.git show-ref --dereference"));
    waag::test::GitOracle git;
    auto here = lines_of(listed_here(git));
    auto there = lines_of(up.sh("git --git-dir=up.git rev-list --objects --all --no-object-names"));
    std::ranges::sort(here);
    std::ranges::sort(there);
    CHECK(here == there);
    std::string ids;
    for (const auto& id : there) ids += id + "\n";
    const auto kinds = lines_of(git.run("cat-file --batch-check", ids));
    CHECK(kinds == lines_of(up.sh("git --git-dir=up.git rev-list --objects --all "
                                  "--no-object-names | sort | git --git-dir=up.git cat-file "
                                  "--batch-check")));
    check_store();
  }
};

/// Two commits on main and a branch, an annotated and a light tag, a pull request, a merge.
inline void fill(GitServer& up) {
  up.work(
      "seq 1 5000 > numbers.txt; mkdir -p d/e; echo deep > d/e/f; printf x > run.sh; "
      "chmod +x run.sh; ln -s run.sh link; head -c 300000 /dev/zero > zeros; git add .; "
      "git commit -qm first; git tag light; "
      "echo 5001 >> numbers.txt; git commit -qam second; git tag -a v1 -m 'the first'; "
      "git tag -a v1-again v1 -m 'a tag of a tag'; "
      "git checkout -q -b side light; echo side > side; git add .; git commit -qm side; "
      "git update-ref refs/pr/1 side; git update-ref refs/convert/parquet light; "
      "git checkout -q main; git merge -q --no-edit side");
  up.publish();
}

}  // namespace waag::daemon::testing
