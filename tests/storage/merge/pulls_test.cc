#include "storage/merge/pulls.h"

#include <atomic>
#include <thread>

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

using Files = std::map<std::string, std::string>;
using Paths = std::vector<std::string>;

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  Pulls& pulls = store->pulls();

  static DiscussionTable::Act by(const std::string& user) { return {user, TimeMs(1'000'000)}; }
  /// A commit that opens a pull request. @return its number
  std::uint64_t open(std::vector<Change> changes, const std::string& ref = "refs/heads/main") {
    auto wanted = request(uid, std::move(changes));
    wanted.ref = ref;
    wanted.user = "bob";
    wanted.pull = NewPull{"Add files", "Because"};
    const auto outcome = store->commit(wanted);
    if (!outcome) FAIL("commit: " << outcome.error().what);
    return outcome->pull;
  }
  CommitId push(std::uint64_t number, std::vector<Change> changes) {
    auto wanted = request(uid, std::move(changes));
    wanted.ref = pull_ref(number);
    const auto outcome = store->commit(wanted);
    REQUIRE(outcome);
    CHECK(outcome->pull == 0);
    return outcome->commit;
  }
  DiscussionRow row(std::uint64_t number) {
    const auto found = store->discussions().find(uid, number);
    REQUIRE(found);
    return *found;
  }
  Result<MergeOutcome> merge(std::uint64_t number, const std::string& comment = "") {
    MergeRequest wanted;
    wanted.repo_uid = uid;
    wanted.number = number;
    wanted.act = by("ann");
    wanted.author_email = "ann@example.org";
    wanted.comment = comment;
    return pulls.merge(wanted);
  }
  CommitId merged(std::uint64_t number) {
    const auto outcome = merge(number);
    if (!outcome) FAIL("merge: " << outcome.error().what);
    return outcome->commit;
  }
  /// A merge that is refused and changes nothing. @return why
  std::string refusal(std::uint64_t number) {
    const auto before = all_rows();
    const auto outcome = merge(number, "comment");
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::conflict);
    CHECK(all_rows() == before);
    return outcome.error().what;
  }
  Paths conflicts(std::uint64_t number) {
    const auto state = pulls.examine(uid, row(number));
    REQUIRE(state);
    return state->conflicts;
  }
  Files all_rows() {
    Files rows;
    REQUIRE(store->rows().scan("", "", [&](auto key, auto value) {
      rows.emplace(key, value);
      return true;
    }));
    return rows;
  }
  void check_whole() { CHECK(fsck(*store)->problems == Paths{}); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "pulls: a commit opens one in the same step", "[storage][pulls]") {
  const auto main = head(uid);
  CHECK(store->discussions().create(uid, by("ann"), "Title", "Text")->number == 1);
  const auto number = open({put("a", "1")});
  CHECK(number == 2);
  CHECK(head(uid) == main);
  const auto pull = row(2);
  CHECK(pull.is_pull);
  CHECK(pull.status == DiscussionStatus::open);
  CHECK(pull.title == "Add files");
  CHECK(pull.author == "bob");
  CHECK(pull.base == "refs/heads/main");
  CHECK(pull.start == main);
  CHECK(store->discussions().events(uid, 2)->at(0).text == "Because");
  const auto ref = *store->find_ref(uid, "refs/pr/2");
  REQUIRE(ref);
  CHECK(files_of(uid, ref->target) == Files{{"a", "1"}});
  check_whole();
}

TEST_CASE_METHOD(Fixture, "pulls: the same commit again opens no second one", "[storage][pulls]") {
  auto wanted = request(uid, {put("a", "1")});
  wanted.pull = NewPull{"Title", ""};
  wanted.replay_key = sha256(as_bytes("key"));
  const auto first = store->commit(wanted);
  REQUIRE(first);
  push(first->pull, {put("b", "1")});
  const auto again = store->commit(wanted);
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->pull == first->pull);
  CHECK(again->commit == first->commit);
  CHECK(store->discussions().list(uid)->size() == 1);
}

TEST_CASE_METHOD(Fixture, "pulls: a draft starts at main's head", "[storage][pulls]") {
  const auto draft = pulls.open(uid, by("bob"), "Title", "Text");
  REQUIRE(draft);
  CHECK(draft->status == DiscussionStatus::draft);
  CHECK(draft->number == 1);
  CHECK((*store->find_ref(uid, "refs/pr/1"))->target == head(uid));
  CHECK(refusal(1) == "This pull request is a draft: publish it first");
  REQUIRE(store->discussions().set_status(uid, 1, by("bob"), DiscussionStatus::open, ""));
  CHECK(refusal(1) == "This pull request has no changes to merge");
  CHECK(pulls.open(99, by("bob"), "Title", "Text").error().code == Errc::repo_not_found);
  check_whole();
}

TEST_CASE_METHOD(Fixture, "pulls: merged onto a base that did not move", "[storage][pulls]") {
  const auto large = testing::noise(3, 100'000);
  const auto number = open({put("a", "1"), put_lfs("w.bin", large)});
  const auto main = head(uid);
  const auto tip = push(number, {put("d/b", "2")});
  const auto outcome = merge(number, "Thanks");
  REQUIRE(outcome);
  const auto& commit = snapshot(uid, head(uid))->commit();
  CHECK(commit.id == outcome->commit);
  CHECK(commit.parents == std::vector<CommitId>{main, tip});
  CHECK(commit.message == "Add files (#1)");
  CHECK(commit.author_name == "ann");
  CHECK(files_of(uid, head(uid)) == Files{{"a", "1"}, {"d/b", "2"}, {"w.bin", large}});
  CHECK(row(number).status == DiscussionStatus::merged);
  CHECK(row(number).merge_commit == outcome->commit);
  const auto events = store->discussions().events(uid, number);
  REQUIRE(events);
  REQUIRE(events->size() == 3);
  CHECK(events->at(1).text == "Thanks");
  CHECK(events->at(2) == outcome->event.row);
  CHECK(outcome->event.seq == 2);
  CHECK(refusal(number) == "This pull request is merged already");
  reopen();
  CHECK(files_of(uid, head(uid)).size() == 3);
  check_whole();
}

TEST_CASE_METHOD(Fixture, "pulls: merged with what came to the base meanwhile",
                 "[storage][pulls]") {
  commit(uid, {put("d/a", "1"), put("d/b", "1"), put("c", "1")});
  const auto first = open({put("d/a", "2"), remove("c")});
  const auto second = open({put("d/b", "2"), put("new/x", "1")});
  commit(uid, {put("main", "1")});
  merged(first);
  CHECK(conflicts(second).empty());
  merged(second);
  CHECK(files_of(uid, head(uid)) ==
        Files{{"d/a", "2"}, {"d/b", "2"}, {"main", "1"}, {"new/x", "1"}});
  CHECK(*store->history_length(uid, head(uid)) == 7);  // 3 of main, 2 of pulls, 2 merges
  check_whole();
}

TEST_CASE_METHOD(Fixture, "pulls: conflicts are named and nothing is merged", "[storage][pulls]") {
  commit(uid, {put("a", "1"), put("d/b", "1")});
  const auto number = open({put("a", "2"), put("d/b", "2"), put("fine", "1")});
  commit(uid, {put("a", "3"), remove("d/b")});
  CHECK(conflicts(number) == Paths{"a", "d/b"});
  CHECK(refusal(number) == "Merge conflicts in: a, d/b");
  // Taking main's side of both makes it fit again.
  push(number, {put("a", "3"), remove("d/b")});
  CHECK(conflicts(number).empty());
  merged(number);
  CHECK(files_of(uid, head(uid)) == Files{{"a", "3"}, {"fine", "1"}});
}

TEST_CASE_METHOD(Fixture, "pulls: what cannot be merged says why", "[storage][pulls]") {
  REQUIRE(store->discussions().create(uid, by("ann"), "Title", "Text"));
  CHECK(refusal(1) == "This discussion is no pull request");
  CHECK(merge(99).error().code == Errc::not_found);
  const auto number = open({put("a", "1")});
  REQUIRE(store->discussions().set_status(uid, number, by("ann"), DiscussionStatus::closed, ""));
  CHECK(refusal(number) == "This pull request is closed");
  REQUIRE(store->discussions().set_status(uid, number, by("ann"), DiscussionStatus::open, ""));
  merged(number);
  CHECK(store->discussions()
            .set_status(uid, number, by("ann"), DiscussionStatus::closed, "")
            .error()
            .code == Errc::conflict);
}

TEST_CASE_METHOD(Fixture, "pulls: to another branch, which may go away", "[storage][pulls]") {
  REQUIRE(store->move_ref(uid, "refs/heads/dev", std::nullopt, head(uid), "ann"));
  const auto first = open({put("a", "1")}, "refs/heads/dev");
  const auto second = open({put("b", "1")}, "refs/heads/dev");
  const auto main = head(uid);
  const auto commit = merged(first);
  CHECK(head(uid) == main);
  CHECK((*store->find_ref(uid, "refs/heads/dev"))->target == commit);
  REQUIRE(store->move_ref(uid, "refs/heads/dev", commit, std::nullopt, "ann"));
  CHECK(refusal(second) == "The pull request's branch is gone");
  const auto state = pulls.examine(uid, row(second));
  REQUIRE(state);
  CHECK(state->from == main);
  CHECK(pulls.changes(*state, 10)->size() == 1);
}

TEST_CASE_METHOD(Fixture, "pulls: what one changes, before and after it is merged",
                 "[storage][pulls]") {
  commit(uid, {put("a", "1")});
  const auto number = open({put("a", "2"), put("b", "1")});
  commit(uid, {put("main", "1")});
  const auto paths = [&] {
    const auto state = pulls.examine(uid, row(number));
    REQUIRE(state);
    const auto changes = pulls.changes(*state, 10);
    REQUIRE(changes);
    Paths found;
    for (const auto& change : *changes) found.push_back(change.path);
    return found;
  };
  CHECK(paths() == Paths{"a", "b"});
  const auto merge_commit = merged(number);
  CHECK(paths() == Paths{"a", "b"});
  Transaction rewriting;
  rewriting.dels.push_back(keys::repo_commit(uid, merge_commit));
  REQUIRE(store->rows().apply(std::move(rewriting)));
  CHECK(paths() == Paths{});
}

TEST_CASE_METHOD(Fixture, "pulls: its commits, each once", "[storage][pulls]") {
  const auto number = open({put("a", "1")});
  const auto opened = (*store->find_ref(uid, pull_ref(number)))->target;
  const auto second = push(number, {put("b", "1")});
  const auto third = push(number, {put("c", "1")});
  const auto ids = [&](std::size_t limit) {
    const auto commits = pulls.commits(uid, row(number), limit);
    REQUIRE(commits);
    std::vector<CommitId> found;
    for (const auto& pushed : *commits) found.push_back(pushed.commit.id);
    return found;
  };
  CHECK(ids(10) == std::vector<CommitId>{opened, second, third});
  CHECK(ids(2) == std::vector<CommitId>{second, third});
  CHECK(pulls.commits(uid, row(number), 10)->front().user == "bob");
  // Set back and forward again, as a push with force does.
  REQUIRE(store->move_ref(uid, pull_ref(number), third, opened, "bob"));
  REQUIRE(store->move_ref(uid, pull_ref(number), opened, third, "bob"));
  CHECK(ids(10).size() == 3);
  CHECK(pulls.commits(uid, *pulls.open(uid, by("bob"), "Title", "Text"), 10)->empty());
}

TEST_CASE_METHOD(Fixture, "pulls: merges and commits that race lose nothing", "[storage][pulls]") {
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 4; ++i) numbers.push_back(open({put("pull" + std::to_string(i), "1")}));
  std::vector<Change> changes;
  for (int i = 0; i < 4; ++i) changes.push_back(put("main" + std::to_string(i), "1"));
  std::atomic<int> failures = 0;
  std::vector<std::thread> racers;
  for (std::size_t i = 0; i < 4; ++i) {
    racers.emplace_back([&, i] {
      if (!merge(numbers[i])) ++failures;
    });
    racers.emplace_back([&, i] {
      if (!store->commit(request(uid, {changes[i]}))) ++failures;
    });
  }
  for (auto& racer : racers) racer.join();
  CHECK(failures == 0);
  CHECK(files_of(uid, head(uid)).size() == 8);
  check_whole();
}

}  // namespace waag::storage
