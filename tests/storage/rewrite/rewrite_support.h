#pragma once

#include "storage/git/object_cache.h"
#include "storage/repo/parts.h"
#include "tests/support/store_fixture.h"

namespace waag::testing {

/// A store and, over the same rows, the parts that its rooms work on.
struct RewriteFixture : StoreFixture {
  storage::ObjectCache objects{store->rows(), store->packs(), 1u << 20};
  storage::RepoTable repos{store->rows()};
  storage::RefTable refs{store->rows()};
  storage::LinkTable links{store->rows()};
  storage::DiscussionTable discussions{store->rows()};
  storage::RepoLocks locks;
  storage::Parts parts{clock, store->rows(), store->packs(), objects, repos,
                       refs,  links,         discussions,    locks};
  std::uint64_t uid = make_repo("tiny");

  /// Commits to a branch, a second after the last one.
  CommitId commit_to(const std::string& branch, std::vector<storage::Change> changes) {
    clock.advance(std::chrono::seconds(1));
    auto wanted = request(uid, std::move(changes));
    wanted.ref = "refs/heads/" + branch;
    const auto outcome = store->commit(wanted);
    if (!outcome) FAIL("commit: " << outcome.error().what);
    return outcome->commit;
  }
  void branch(const std::string& name, const CommitId& at) {
    REQUIRE(store->move_ref(uid, "refs/heads/" + name, std::nullopt, at, "ann"));
  }
  void remove_branch(const std::string& name, const CommitId& at) {
    REQUIRE(store->move_ref(uid, "refs/heads/" + name, at, std::nullopt, "ann"));
  }
  storage::SquashRequest squash_request(const std::string& ref) const {
    storage::SquashRequest wanted;
    wanted.repo_uid = uid;
    wanted.ref = ref;
    wanted.user = "ann";
    wanted.author_email = "ann@example.org";
    wanted.message = "All in one";
    return wanted;
  }
  bool knows(const CommitId& commit) { return store->resolve(uid, commit.hex()).has_value(); }
  bool links_to(const std::string& content) {
    return *store->repo_has_blob(uid, sha256(as_bytes(content)));
  }
  void check_whole() { CHECK(fsck(*store)->problems == std::vector<std::string>{}); }
};

}  // namespace waag::testing
