#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "tests/support/git_oracle.h"

using namespace waag;
using namespace waag::git;

namespace {

constexpr std::string_view empty_tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr std::string_view other_id = "0123456789abcdef0123456789abcdef01234567";

GitCommit some_commit() {
  GitCommit commit;
  commit.tree = *GitId::parse(empty_tree);
  commit.author = {"Ada Lovelace", "ada@example.org", 1'700'000'000, "+0000"};
  commit.committer = {"Waag", "noreply@example.org", 1'700'000'001, "-0330"};
  commit.message = "Add weights\n\nof the analytical engine\n";
  return commit;
}

std::string body_of(const GitCommit& commit) {
  const auto body = serialize_commit(commit);
  REQUIRE(body);
  return *body;
}

const std::string signed_commit =
    "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
    "parent 0123456789abcdef0123456789abcdef01234567\n"
    "parent 1123456789abcdef0123456789abcdef01234567\n"
    "author A <a@b> 0 +0000\n"
    "committer  <> -5 +1400\n"
    "encoding ISO-8859-1\n"
    "gpgsig -----BEGIN PGP SIGNATURE-----\n"
    " \n"
    " iQEz\n"
    " -----END PGP SIGNATURE-----\n"
    "x-unknown yes\n"
    "\n"
    "caf\xE9 without newline";

}  // namespace

TEST_CASE("commit: bytes and ids are git's", "[protocol][git]") {
  test::GitOracle git;
  REQUIRE(git.object_id("tree", "") == empty_tree);
  GitCommit commit = some_commit();
  std::string body = body_of(commit);
  CHECK(body ==
        "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
        "author Ada Lovelace <ada@example.org> 1700000000 +0000\n"
        "committer Waag <noreply@example.org> 1700000001 -0330\n"
        "\n"
        "Add weights\n\nof the analytical engine\n");
  const std::string first = git.object_id("commit", body);
  CHECK(commit_id(as_bytes(body)).hex() == first);
  CHECK(git.run("log -1 --format=%an,%ae,%at,%cn,%s " + first, "") ==
        "Ada Lovelace,ada@example.org,1700000000,Waag,Add weights");

  commit.parents = {*CommitId::parse(first)};
  body = body_of(commit);
  CHECK(commit_id(as_bytes(body)).hex() == git.object_id("commit", body));
  CHECK(*parse_commit(as_bytes(body)) == commit);
  CHECK(git.run("fsck --strict --no-dangling", "").empty());
}

TEST_CASE("commit: signatures and unknown headers survive", "[protocol][git]") {
  const auto commit = parse_commit(as_bytes(signed_commit));
  REQUIRE(commit);
  CHECK(commit->parents.size() == 2);
  CHECK(commit->parents[0].hex() == other_id);
  CHECK(commit->committer == Signature{"", "", -5, "+1400"});
  CHECK(commit->extra_headers.starts_with("encoding ISO-8859-1\ngpgsig -----BEGIN"));
  CHECK(commit->extra_headers.ends_with("x-unknown yes\n"));
  CHECK(commit->message == "caf\xE9 without newline");
  CHECK(body_of(*commit) == signed_commit);
}

TEST_CASE("commit: every cut and every changed line is refused or kept", "[protocol][git]") {
  const std::size_t headers = signed_commit.find("\n\n") + 2;
  for (std::size_t size = 0; size < headers; ++size)
    CHECK_FALSE(parse_commit(as_bytes(signed_commit).first(size)));
  for (std::size_t i = 0; i < signed_commit.size(); ++i) {
    for (const char c : {'\0', '\n', ' ', '<', '>', 'A', '\xff'}) {
      std::string changed = signed_commit;
      changed[i] = c;
      if (const auto commit = parse_commit(as_bytes(changed))) CHECK(body_of(*commit) == changed);
    }
  }
}

TEST_CASE("commit: what is refused", "[protocol][git]") {
  const auto line = GENERATE(
      std::string("author <a@b> 1 +0000"), "author A<a@b> 1 +0000", "author A a@b 1 +0000",
      "author A <a@b>", "author A <a@b> 1", "author A <a@b> x +0000", "author A <a@b> 01 +0000",
      "author A <a@b> 99999999999999999999 +0000", "author A <a@b> 1 0000",
      "author A <a@b> 1 +00x0", "author A <a<b> 1 +0000", "writer A <a@b> 1 +0000");
  CAPTURE(line);
  const std::string body =
      "tree " + std::string(empty_tree) + "\n" + line + "\n" + "committer A <a@b> 1 +0000\n\n";
  const auto commit = parse_commit(as_bytes(body));
  REQUIRE_FALSE(commit);
  CHECK(commit.error().code == Errc::unprocessable);
}

TEST_CASE("commit: what is not written", "[protocol][git]") {
  const auto refused = [](auto change) {
    GitCommit commit = some_commit();
    change(commit);
    return !serialize_commit(commit);
  };
  CHECK(refused([](auto& c) { c.author.name = "A <b>"; }));
  CHECK(refused([](auto& c) { c.author.name = "A\nparent x"; }));
  CHECK(refused([](auto& c) { c.committer.email = "a>"; }));
  CHECK(refused([](auto& c) { c.committer.email = std::string("a\0", 2); }));
  CHECK(refused([](auto& c) { c.author.zone = "UTC"; }));
  CHECK(refused([](auto& c) { c.extra_headers = "gpgsig x"; }));
  CHECK(refused([](auto& c) { c.extra_headers = "gpgsig x\n\nmessage\n"; }));
  CHECK(refused([](auto& c) { c.extra_headers = "\n"; }));
  CHECK(refused([](auto& c) { c.extra_headers = "parent x\n"; }));
}

TEST_CASE("tag: bytes and ids are git's", "[protocol][git]") {
  test::GitOracle git;
  REQUIRE(git.object_id("tree", "") == empty_tree);
  const std::string commit = git.object_id("commit", body_of(some_commit()));
  GitTag tag;
  tag.object = *GitId::parse(commit);
  tag.name = "v1.0";
  tag.tagger = Signature{"Ada", "ada@example.org", 1'700'000'000, "+0000"};
  tag.message = "First release\n";
  const auto body = serialize_tag(tag);
  REQUIRE(body);
  CHECK(object_id(ObjectKind::tag, as_bytes(*body)).hex() == git.run("mktag --strict", *body));
  CHECK(*parse_tag(as_bytes(*body)) == tag);

  tag.tagger.reset();
  const auto without = serialize_tag(tag);
  REQUIRE(without);
  CHECK(*parse_tag(as_bytes(*without)) == tag);
}

TEST_CASE("tag: what is refused", "[protocol][git]") {
  const std::string head = "object " + std::string(other_id) + "\ntype commit\n";
  CHECK(parse_tag(as_bytes(head + "tag v1\n\n")));
  for (const auto& body : {std::string(), head, head + "tag v1\n", head + "tag \n\n",
                           head + "tagger A <b> 1 +0000\n\n",
                           "object " + std::string(other_id) + "\ntype twig\ntag v1\n\n",
                           "object " + std::string(40, 'A') + "\ntype commit\ntag v1\n\n",
                           head + "tag v1\ntagger A\n\n"}) {
    CAPTURE(body);
    CHECK_FALSE(parse_tag(as_bytes(body)));
  }
  GitTag tag;
  CHECK_FALSE(serialize_tag(tag));
  tag.name = "v1\ntagger x";
  CHECK_FALSE(serialize_tag(tag));
}
