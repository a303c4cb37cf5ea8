#include "storage/meta/tables/discussions.h"

#include <atomic>
#include <thread>

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  DiscussionTable& table = store->discussions();

  static DiscussionTable::Act by(const std::string& user, int at = 1) { return {user, TimeMs(at)}; }
  std::uint64_t open(const std::string& title = "Title") {
    const auto row = table.create(uid, by("ann"), title, "First");
    REQUIRE(row);
    return row->number;
  }
  std::map<std::string, std::string> all_rows() {
    std::map<std::string, std::string> rows;
    REQUIRE(store->rows().scan("", "", [&](auto key, auto value) {
      rows.emplace(key, value);
      return true;
    }));
    return rows;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "discussions: numbers count up in each repo", "[storage][discussions]") {
  const auto other = make_repo("other");
  CHECK(open() == 1);
  CHECK(open() == 2);
  CHECK(table.create(other, by("ann"), "Title", "Text")->number == 1);
  // A ref that came by another road keeps its number.
  REQUIRE(store->move_ref(uid, "refs/pr/3", std::nullopt, head(uid), "ann"));
  CHECK(open() == 4);
  const auto list = table.list(uid);
  REQUIRE(list);
  REQUIRE(list->size() == 3);
  CHECK(list->front().number == 1);
  CHECK(list->back().number == 4);
  CHECK(table.create(99, by("ann"), "Title", "Text").error().code == Errc::repo_not_found);
}

TEST_CASE_METHOD(Fixture, "discussions: what happens stands in order", "[storage][discussions]") {
  const auto number = open("Old title");
  REQUIRE(table.comment(uid, number, by("bob", 2), "Second"));
  const auto renamed = table.rename(uid, number, by("ann", 3), "New title");
  REQUIRE(renamed);
  CHECK(renamed->seq == 2);
  const auto closed = table.set_status(uid, number, by("ann", 4), DiscussionStatus::closed, "Bye");
  REQUIRE(closed);
  CHECK(closed->seq == 4);
  CHECK(closed->row.kind == EventKind::status_change);

  const auto row = table.find(uid, number);
  REQUIRE(row);
  CHECK(row->title == "New title");
  CHECK(row->status == DiscussionStatus::closed);
  CHECK(row->events == 5);
  CHECK(row->comments == 3);
  CHECK(row->author == "ann");
  const auto events = table.events(uid, number);
  REQUIRE(events);
  REQUIRE(events->size() == 5);
  CHECK(events->at(0).text == "First");
  CHECK(events->at(1).author == "bob");
  CHECK(events->at(2).old_text == "Old title");
  CHECK(events->at(2).text == "New title");
  CHECK(events->at(3).text == "Bye");
  CHECK(events->at(4) == closed->row);
  CHECK(events->at(4).status == DiscussionStatus::closed);
}

TEST_CASE_METHOD(Fixture, "discussions: comments are edited, and hidden for good",
                 "[storage][discussions]") {
  const auto number = open();
  const auto edited = table.edit(uid, number, 0, by("bob", 5), "Better");
  REQUIRE(edited);
  CHECK(edited->row.text == "Better");
  CHECK(edited->row.edits == 1);
  CHECK(edited->row.edited_by == "bob");
  CHECK(edited->row.at == TimeMs(1));
  CHECK(*table.find_event(uid, number, 0) == edited->row);
  const auto hidden = table.hide(uid, number, 0, by("ann", 6));
  REQUIRE(hidden);
  CHECK(hidden->row.hidden);
  CHECK(table.find_event(uid, number, 0)->text.empty());

  const auto before = all_rows();
  CHECK(table.hide(uid, number, 0, by("ann")).error().code == Errc::conflict);
  CHECK(table.edit(uid, number, 0, by("ann"), "x").error().code == Errc::conflict);
  CHECK(all_rows() == before);
}

TEST_CASE_METHOD(Fixture, "discussions: what cannot be changes nothing", "[storage][discussions]") {
  const auto number = open();
  REQUIRE(table.set_status(uid, number, by("ann"), DiscussionStatus::closed, ""));
  const auto before = all_rows();
  const auto code = [](const auto& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  CHECK(code(table.set_status(uid, number, by("ann"), DiscussionStatus::closed, "again")) ==
        Errc::conflict);
  CHECK(code(table.comment(uid, 99, by("ann"), "x")) == Errc::not_found);
  CHECK(code(table.rename(uid, 99, by("ann"), "xyz")) == Errc::not_found);
  CHECK(code(table.edit(uid, number, 1, by("ann"), "x")) == Errc::not_found);  // no comment
  CHECK(code(table.hide(uid, number, 7, by("ann"))) == Errc::not_found);
  CHECK(code(table.find(uid + 1, number)) == Errc::not_found);
  CHECK(all_rows() == before);
  CHECK(table.set_status(uid, number, by("ann"), DiscussionStatus::open, ""));
}

TEST_CASE_METHOD(Fixture, "discussions: one can be full", "[storage][discussions]") {
  const auto number = open();
  auto stored = table.load(uid, number);
  REQUIRE(stored);
  Transaction filling;
  const std::vector<EventRow> many(discussion_events_max - 1, comment_event(by("bob"), "x"));
  REQUIRE(DiscussionTable::append(filling, uid, *stored, stored->row, many));
  REQUIRE(store->rows().apply(std::move(filling)));
  const auto before = all_rows();
  CHECK(table.comment(uid, number, by("ann"), "x").error().code == Errc::unprocessable);
  CHECK(all_rows() == before);
  CHECK(table.edit(uid, number, 5, by("bob"), "y"));
}

TEST_CASE_METHOD(Fixture, "discussions: those who race all get a number and a place",
                 "[storage][discussions]") {
  constexpr int threads = 4;
  constexpr int each = 5;
  const auto number = open();
  std::atomic<int> failures = 0;
  std::vector<std::thread> racers;
  for (int i = 0; i < threads; ++i)
    racers.emplace_back([this, number, &failures] {
      for (int j = 0; j < each; ++j) {
        if (!table.comment(uid, number, by("bob"), "x")) ++failures;
        if (!table.create(uid, by("bob"), "Title", "x")) ++failures;
      }
    });
  for (auto& racer : racers) racer.join();
  CHECK(failures == 0);
  CHECK(table.find(uid, number)->comments == 1 + threads * each);
  CHECK(table.events(uid, number)->size() == 1 + threads * each);
  CHECK(table.list(uid)->back().number == 1 + threads * each);
  CHECK(fsck(*store)->problems.empty());
}

}  // namespace waag::storage
