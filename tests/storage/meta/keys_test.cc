#include "storage/meta/keys.h"

#include <set>

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::storage;
using namespace std::string_literals;

namespace {

template <class Id>
Id filled(int value) {
  Id id;
  id.bytes.fill(static_cast<std::byte>(value));
  return id;
}

}  // namespace

TEST_CASE("keys: layout is fixed", "[storage][keys]") {
  CHECK(keys::chunk(filled<ChunkHash>(1)) == "c"s + std::string(32, '\1'));
  CHECK(keys::git_object(filled<GitId>(2)) == "g"s + std::string(20, '\2'));
  CHECK(keys::repo_uid(0x0102030405060708) == "o\1\2\3\4\5\6\7\b"s);
  CHECK(keys::ref(1, "refs/heads/main") == "h\0\0\0\0\0\0\0\1refs/heads/main"s);
  CHECK(keys::ref_log(1, "refs/x", 2) == "H\0\0\0\0\0\0\0\1refs/x\0\0\0\0\0\0\0\0\2"s);
  CHECK(keys::user_token("Ann", "Ab1") == "Tann\0Ab1"s);
  CHECK(keys::org("Acme") == "Oacme"s);
  CHECK(keys::member("Acme", "Ann") == "Wacme\0ann"s);
  CHECK(keys::membership("Ann", "Acme") == "wann\0acme"s);
  CHECK(keys::group("Acme", "Crew") == "Pacme\0crew"s);
  CHECK(keys::group_member("Acme", "Crew", "Ann") == "Qacme\0crew\0ann"s);
  CHECK(keys::user_group("Ann", "Acme", "Crew") == "Vann\0acme\0crew"s);
  CHECK(keys::grantee("", "Ann") == "uann");
  CHECK(keys::grantee("Acme", "Crew") == "gacme/crew");
  CHECK(keys::grant(1, "uann") == "B\0\0\0\0\0\0\0\1uann"s);
  CHECK(keys::granted("uann", 1) == "Duann\0\0\0\0\0\0\0\0\1"s);
  CHECK(keys::discussion(1, 2) == "d\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2"s);
  CHECK(keys::event(1, 2, 3) == "e\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3"s);
  CHECK(keys::access(1, "Ann") == "a\0\0\0\0\0\0\0\1ann"s);
  CHECK(keys::holder(filled<BlobId>(3), 4) == "L"s + std::string(32, '\3') + "\0\0\0\0\0\0\0\4"s);
  CHECK(keys::seen_xorb(filled<BlobId>(3), filled<XorbHash>(4)) ==
        "J"s + std::string(32, '\3') + std::string(32, '\4'));
}

TEST_CASE("keys: names are found whatever their case, spellings of ids are not folded",
          "[storage][keys]") {
  const auto lower = RepoId::make(RepoType::dataset, "org", "data.v1");
  const auto mixed = RepoId::make(RepoType::dataset, "Org", "Data.V1");
  const auto model = RepoId::make(RepoType::model, "org", "data.v1");
  REQUIRE((lower && mixed && model));
  CHECK(keys::repo(*lower) == keys::repo(*mixed));
  CHECK(keys::repo(*lower) != keys::repo(*model));
  CHECK(keys::repo(*lower) == "r\1org/data.v1"s);
  CHECK(keys::redirect(*mixed) == "R\1org/data.v1"s);
  CHECK(keys::user("ANN") == keys::user("ann"));
  CHECK(keys::upload("ANN", 1, filled<BlobId>(1)) == keys::upload("ann", 1, filled<BlobId>(1)));
  CHECK(keys::token("Ab") != keys::token("ab"));
  CHECK(keys::session("Ab") != keys::session("ab"));
}

TEST_CASE("keys: prefixes hold exactly their own rows, numbers sort by value", "[storage][keys]") {
  CHECK(keys::ref(7, "refs/heads/a").starts_with(keys::refs(7)));
  CHECK_FALSE(keys::ref(8, "refs/heads/a").starts_with(keys::refs(7)));
  CHECK(keys::link(7, filled<BlobId>(9)).starts_with(keys::links(7)));
  CHECK(keys::holder(filled<BlobId>(9), 7).starts_with(keys::holders(filled<BlobId>(9))));
  const auto commit = filled<CommitId>(3);
  CHECK(keys::repo_commit(7, commit).starts_with(keys::repo_commits(7)));
  CHECK(keys::last_hash<CommitId>(keys::repo_commit(7, commit)) == commit);
  CHECK(keys::like(7, "Ann").starts_with(keys::likes(7)));
  CHECK_FALSE(keys::like_count(7).starts_with(keys::likes(7)));
  CHECK(keys::user_like("Ann", 7).starts_with(keys::user_likes("ann")));
  CHECK(keys::ref_log(7, "r", 1).starts_with(keys::ref_log_of(7, "r")));
  CHECK_FALSE(keys::ref_log(7, "rr", 1).starts_with(keys::ref_log_of(7, "r")));
  CHECK(keys::ref_log(7, "r", 1).starts_with(keys::ref_logs(7)));
  CHECK(keys::replay(7, filled<BlobId>(9)).starts_with(keys::replays(7)));
  CHECK(keys::discussion(7, 1).starts_with(keys::discussions(7)));
  CHECK(keys::event(7, 1, 0).starts_with(keys::events_of(7, 1)));
  CHECK(keys::event(7, 1, 0).starts_with(keys::events(7)));
  CHECK_FALSE(keys::event(7, 2, 0).starts_with(keys::events_of(7, 1)));
  CHECK(keys::upload("Ann", 7, filled<BlobId>(9)).starts_with(keys::uploads("ann", 7)));
  CHECK(keys::member("Acme", "ann").starts_with(keys::members("acme")));
  CHECK_FALSE(keys::member("acme2", "ann").starts_with(keys::members("acme")));
  CHECK(keys::membership("ann", "acme").starts_with(keys::memberships("Ann")));
  CHECK(keys::group("acme", "crew").starts_with(keys::groups("Acme")));
  CHECK(keys::group_member("a", "g", "u").starts_with(keys::group_members("A", "G")));
  CHECK_FALSE(keys::group_member("a", "g2", "u").starts_with(keys::group_members("a", "g")));
  CHECK(keys::user_group("u", "a", "g").starts_with(keys::user_groups("U")));
  CHECK(keys::user_group("u", "a", "g").starts_with(keys::user_groups_in("U", "A")));
  CHECK_FALSE(keys::user_group("u", "a2", "g").starts_with(keys::user_groups_in("u", "a")));
  CHECK(keys::grant(7, "uann").starts_with(keys::grants(7)));
  CHECK(keys::granted("uann", 7).starts_with(keys::granted_to("uann")));
  CHECK_FALSE(keys::granted("uanna", 7).starts_with(keys::granted_to("uann")));
  CHECK(keys::last_number(keys::holder(filled<BlobId>(9), 0x1122334455667788)) ==
        0x1122334455667788);
  CHECK(keys::number_at(keys::link(0xFEDCBA9876543210, filled<BlobId>(9)), 1) ==
        0xFEDCBA9876543210);
  CHECK(keys::repo_uid(255) < keys::repo_uid(256));
  CHECK(keys::ref_log(1, "r", 255) < keys::ref_log(1, "r", 256));
}

TEST_CASE("keys: a damaged record's key names it", "[storage][keys]") {
  const RecordPlace at{PackId{0x0102030405060708}, 0xA0B0C0D0};
  CHECK(keys::damaged_record(keys::damaged(at)) == at);
  CHECK(keys::damaged({PackId{1}, 2}) < keys::damaged({PackId{1}, 256}));
  CHECK(keys::damaged({PackId{1}, 256}) < keys::damaged({PackId{256}, 0}));
}

TEST_CASE("keys: kinds never meet", "[storage][keys]") {
  const auto id = filled<BlobId>(0);
  const std::set<char> kinds = {keys::chunk({})[0],
                                keys::git_object({})[0],
                                keys::large_git_blob({})[0],
                                keys::blob(id)[0],
                                keys::lfs_pointer({})[0],
                                keys::file({})[0],
                                keys::xorb({})[0],
                                keys::tensor_map(id)[0],
                                keys::repo_type(RepoType::model)[0],
                                keys::repo_uid(0)[0],
                                keys::refs(0)[0],
                                keys::ref_log(0, "", 0)[0],
                                keys::links(0)[0],
                                keys::holders(id)[0],
                                keys::upload("", 0, id)[0],
                                keys::replay(0, id)[0],
                                keys::user("")[0],
                                keys::token("")[0],
                                keys::user_token("", "")[0],
                                keys::session("")[0],
                                keys::counter("")[0],
                                keys::repo_commits(0)[0],
                                keys::org("")[0],
                                keys::members("")[0],
                                keys::memberships("")[0],
                                keys::groups("")[0],
                                keys::group_members("", "")[0],
                                keys::user_groups("")[0],
                                keys::grants(0)[0],
                                keys::granted_to("")[0],
                                keys::redirect({})[0],
                                keys::seen_xorb(id, {})[0],
                                keys::trashed(0)[0],
                                keys::likes(0)[0],
                                keys::user_likes("")[0],
                                keys::accesses(0)[0],
                                keys::discussions(0)[0],
                                keys::events(0)[0],
                                keys::damaged({})[0],
                                keys::mirror(0)[0],
                                keys::listed_size({})[0],
                                keys::unproven(0, {})[0],
                                keys::claimed_commit({})[0],
                                keys::job(0)[0],
                                keys::mirror_rule("")[0]};
  CHECK(kinds.size() == 45);
}
