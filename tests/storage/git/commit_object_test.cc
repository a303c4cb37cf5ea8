#include "storage/git/commit_object.h"

#include <catch2/catch.hpp>

#include "tests/support/git_oracle.h"

namespace waag::storage {

TEST_CASE("commit object: git takes it, whatever the names hold", "[storage][commit_object]") {
  test::GitOracle git;
  NewCommit commit;
  commit.tree = *GitId::parse(git.object_id("tree", ""));
  commit.date = TimeMs(1'700'000'000'999);
  for (const auto* name : {"Ann", "", " <> ", "A\nB <c>", "\xC3\x84nn", ".,;"}) {
    CAPTURE(name);
    commit.author_name = name;
    commit.author_email = name;
    commit.message = "title\n\nbody";
    ObjectBatch batch;
    const auto id = add_commit_object(batch, commit);
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
  ObjectBatch batch;
  CHECK(add_commit_object(batch, commit).error().code == Errc::unprocessable);
}

}  // namespace waag::storage
