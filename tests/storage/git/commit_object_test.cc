#include "storage/git/commit_object.h"

#include "tests/support/git_oracle.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "commit object: git takes it, whatever the names hold",
                 "[storage][commit_object]") {
  test::GitOracle git;
  ObjectWriter writer(store->rows(), store->packs());
  NewCommit commit;
  commit.tree = *GitId::parse(git.object_id("tree", ""));
  commit.date = TimeMs(1'700'000'000'999);
  for (const auto* name : {"Ann", "", " <> ", "A\nB <c>", "\xC3\x84nn", ".,;"}) {
    CAPTURE(name);
    commit.author_name = name;
    commit.author_email = name;
    commit.message = "title\n\nbody";
    const auto id = add_commit_object(writer, commit);
    REQUIRE(id);
    // What git makes of the same: hash-object checks the form.
    git::GitCommit same;
    same.tree = commit.tree;
    const std::string shown = std::string(name) == "A\nB <c>"     ? "AB c"
                              : std::string(name) == "Ann"        ? "Ann"
                              : std::string(name) == "\xC3\x84nn" ? name
                                                                  : "";
    same.author = {shown.empty() ? "unknown" : shown, shown, 1'700'000'000, "+0000"};
    same.committer = same.author;
    same.message = commit.message;
    CHECK(git.object_id("commit", *git::serialize_commit(same)) == id->hex());
  }
  commit.message = std::string("a\0b", 3);
  CHECK(add_commit_object(writer, commit).error().code == Errc::unprocessable);
}

}  // namespace waag::storage
