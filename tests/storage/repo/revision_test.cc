#include "storage/repo/revision.h"

#include <set>

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  CommitId first = head(uid);
  CommitId second = commit(uid, {put("a", "1")});

  Errc move_error(std::string_view name, std::optional<CommitId> from, std::optional<CommitId> to) {
    const auto moved = store->move_ref(uid, name, from, to, "ann");
    REQUIRE_FALSE(moved);
    return moved.error().code;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "revision: what users type", "[storage][revision]") {
  REQUIRE(store->move_ref(uid, "refs/tags/v1", std::nullopt, first, "ann"));
  REQUIRE(store->move_ref(uid, "refs/pr/1", std::nullopt, first, "ann"));
  REQUIRE(store->move_ref(uid, "refs/heads/feat/x", std::nullopt, first, "ann"));
  for (const auto& text : {std::string("main"), std::string("HEAD"), std::string("refs/heads/main"),
                           second.hex(), second.hex().substr(0, 7), second.hex().substr(0, 12)}) {
    CAPTURE(text);
    const auto found = store->resolve(uid, text);
    REQUIRE(found);
    CHECK(*found == second);
  }
  for (const auto& text : {"v1", "refs/tags/v1", "refs/pr/1", "feat/x"}) {
    CAPTURE(text);
    const auto found = store->resolve(uid, text);
    REQUIRE(found);
    CHECK(*found == first);
  }
  for (const auto& text : {std::string(), std::string("mai"), std::string("refs/heads"),
                           std::string("refs/heads/none"), std::string("heads/main"),
                           second.hex().substr(0, 6), second.hex() + "0", std::string(40, '0')}) {
    CAPTURE(text);
    CHECK(store->resolve(uid, text).error().code == Errc::revision_not_found);
  }
}

TEST_CASE_METHOD(Fixture, "revision: a branch goes before a tag, a name before a hash",
                 "[storage][revision]") {
  REQUIRE(store->move_ref(uid, "refs/tags/same", std::nullopt, first, "ann"));
  CHECK(*store->resolve(uid, "same") == first);
  REQUIRE(store->move_ref(uid, "refs/heads/same", std::nullopt, second, "ann"));
  CHECK(*store->resolve(uid, "same") == second);
  const auto digits = second.hex().substr(0, 8);
  REQUIRE(store->move_ref(uid, "refs/heads/" + digits, std::nullopt, first, "ann"));
  CHECK(*store->resolve(uid, digits) == first);
}

TEST_CASE_METHOD(Fixture, "revision: another repo's commit does not open here",
                 "[storage][revision]") {
  const auto other = make_repo("other");
  const auto secret = commit(other, {put("secret", "text")});
  CHECK(store->resolve(uid, secret.hex()).error().code == Errc::revision_not_found);
  CHECK(store->resolve(uid, secret.hex().substr(0, 7)).error().code == Errc::revision_not_found);
  CHECK(store->snapshot(uid, secret).error().code == Errc::revision_not_found);
  CHECK(store->history(uid, secret, 0, 1).error().code == Errc::revision_not_found);
  CHECK(store->history_length(uid, secret).error().code == Errc::revision_not_found);
  CHECK(move_error("refs/heads/x", std::nullopt, secret) == Errc::revision_not_found);
  CHECK(store->resolve(other, secret.hex()));
}

TEST_CASE_METHOD(Fixture, "revision: a short hash that two commits share is none",
                 "[storage][revision]") {
  // Two made-up commits with one beginning, as rows only.
  CommitId a = second;
  a.bytes[19] ^= std::byte{0x10};  // differs in the last digit but one
  Transaction rows;
  RefTable::add_commit(rows, uid, a);
  REQUIRE(store->rows().apply(rows));
  CHECK(store->resolve(uid, second.hex().substr(0, 39)));
  CHECK(store->resolve(uid, second.hex().substr(0, 38)).error().code == Errc::revision_not_found);
  CHECK(*store->resolve(uid, second.hex()) == second);
}

TEST_CASE_METHOD(Fixture, "move_ref: creates, moves and deletes by comparison",
                 "[storage][revision]") {
  const std::string name = "refs/heads/dev";
  REQUIRE(store->move_ref(uid, name, std::nullopt, first, "ann"));
  CHECK(move_error(name, std::nullopt, second) == Errc::conflict);
  CHECK(move_error(name, second, first) == Errc::conflict);
  REQUIRE(store->move_ref(uid, name, first, second, "bob"));
  CHECK((*store->find_ref(uid, name))->target == second);
  CHECK(store->list_refs(uid)->size() == 2);
  REQUIRE(store->move_ref(uid, name, second, std::nullopt, "cid"));
  CHECK_FALSE(store->find_ref(uid, name)->has_value());
  CHECK(move_error(name, second, std::nullopt) == Errc::revision_not_found);
  CHECK(move_error(name, std::nullopt, std::nullopt) == Errc::invalid_argument);

  const auto log = RefTable(store->rows()).log(uid, name);
  REQUIRE(log);
  REQUIRE(log->size() == 3);
  CHECK((*log)[0].from.is_zero());
  CHECK((*log)[0].to == first);
  CHECK((*log)[1].user == "bob");
  CHECK((*log)[2].from == second);
  CHECK((*log)[2].to.is_zero());
  CHECK((*log)[2].at == clock.now() + TimeMs(2));  // the clock stood still: times rise all the same
}

TEST_CASE_METHOD(Fixture, "move_ref: names that git would not take", "[storage][revision]") {
  for (const auto& name : {"main", "refs/", "refs/heads", "refs/heads/", "refs//x",
                           "refs/heads/a..b", "refs/heads/a b", "refs/heads/a.lock",
                           "refs/heads/-a", "refs/heads/a~1", "refs/heads/@{"}) {
    CAPTURE(name);
    CHECK(move_error(name, std::nullopt, first) == Errc::invalid_argument);
  }
  CHECK(move_error("refs/heads/main/sub", std::nullopt, first) == Errc::conflict);
  REQUIRE(store->move_ref(uid, "refs/heads/feat/x", std::nullopt, first, "ann"));
  CHECK(move_error("refs/heads/feat", std::nullopt, first) == Errc::conflict);
  CHECK(store->move_ref(uid, "refs/heads/feat2", std::nullopt, first, "ann"));
}

TEST_CASE_METHOD(StoreFixture, "tags: an annotated one is a git object, its target the commit",
                 "[storage][revision]") {
  const auto uid = make_repo("tiny");
  NewTag tag;
  tag.repo_uid = uid;
  tag.name = "v1";
  tag.target = head(uid);
  tag.user = "ann";
  tag.tagger_email = "ann@example.org";
  tag.message = "First release";
  REQUIRE(store->create_tag(tag));
  const auto row = *store->find_ref(uid, "refs/tags/v1");
  REQUIRE(row);
  CHECK(row->target == tag.target);
  CHECK(*store->resolve(uid, "v1") == tag.target);
  const auto body =
      read_object(store->rows(), store->packs(), row->tag_object, git::ObjectKind::tag);
  REQUIRE(body);
  CHECK(as_text(*body) == "object " + tag.target.hex() +
                              "\ntype commit\ntag v1\ntagger ann <ann@example.org> 1790000000 "
                              "+0000\n\nFirst release\n");
  CHECK(fsck(*store)->problems.empty());
  CHECK(store->create_tag(tag).error().code == Errc::conflict);
  tag.name = "v1/below";
  CHECK(store->create_tag(tag).error().code == Errc::conflict);
  tag.name = "bad..name";
  CHECK(store->create_tag(tag).error().code == Errc::invalid_argument);
  tag.name = "v2";
  tag.message = std::string("a\0b", 3);
  CHECK(store->create_tag(tag).error().code == Errc::unprocessable);
  tag.message = "x";
  tag.target = CommitId{};
  CHECK(store->create_tag(tag).error().code == Errc::revision_not_found);
  tag.repo_uid = 99;
  CHECK(store->create_tag(tag).error().code == Errc::repo_not_found);
  CHECK(store->list_refs(uid)->size() == 2);
  REQUIRE(store->move_ref(uid, "refs/tags/v1", row->target, std::nullopt, "ann"));
}

}  // namespace waag::storage
