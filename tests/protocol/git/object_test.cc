#include "protocol/git/object.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/git_oracle.h"
#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::git;

namespace {

GitId some_id(std::uint64_t seed) {
  GitId id;
  const Bytes bytes = test::split_mix_bytes(seed, id.bytes.size());
  std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

std::string tree_body(std::vector<GitTreeEntry> entries) {
  auto body = serialize_tree(std::move(entries));
  REQUIRE(body);
  return *body;
}

std::string raw_entry(std::string_view mode, std::string_view name) {
  return std::string(mode) + " " + std::string(name) + '\0' + std::string(20, 'x');
}

}  // namespace

TEST_CASE("object: blob ids are git's", "[protocol][git]") {
  CHECK(blob_id({}).hex() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  CHECK(tree_id({}).hex() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  test::GitOracle git;
  for (const std::size_t size : {1u, 9u, 10u, 4096u, 100'000u}) {
    const Bytes bytes = test::split_mix_bytes(size, size);
    CHECK(blob_id(bytes).hex() == git.object_id("blob", std::string(as_text(bytes))));
    Sha1 hash = git_blob_hasher(bytes.size());
    hash.update(ByteView(bytes).first(size / 2));
    hash.update(ByteView(bytes).subspan(size / 2));
    CHECK(hash.finish() == blob_id(bytes));
  }
}

TEST_CASE("object: kinds have names", "[protocol][git]") {
  for (const auto kind : {ObjectKind::commit, ObjectKind::tree, ObjectKind::blob, ObjectKind::tag})
    CHECK(*parse_object_kind(to_string(kind)) == kind);
  CHECK_FALSE(parse_object_kind("Blob"));
  CHECK_FALSE(parse_object_kind(""));
}

TEST_CASE("object: trees are sorted and spelt as git does", "[protocol][git]") {
  test::GitOracle git;
  const std::vector<GitTreeEntry> entries{{mode_directory, "a", some_id(1)},
                                          {mode_file, "a.b", some_id(2)},
                                          {mode_file, "a-b", some_id(3)},
                                          {mode_file, "a0", some_id(4)},
                                          {mode_executable, "run.sh", some_id(5)},
                                          {mode_symlink, "link", some_id(6)},
                                          {mode_gitlink, "module", some_id(7)},
                                          {mode_file, "Z", some_id(8)},
                                          {mode_file, "\xC3\xA9t\xC3\xA9", some_id(9)},
                                          {mode_file, "aa", some_id(10)},
                                          {mode_directory, "run", some_id(11)}};
  std::string listing;
  for (const auto& entry : entries) {
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), "%06o", entry.mode);
    const std::string kind = entry.mode == mode_directory ? "tree"
                             : entry.mode == mode_gitlink ? "commit"
                                                          : "blob";
    listing +=
        std::string(mode.data()) + " " + kind + " " + entry.id.hex() + "\t" + entry.name + '\0';
  }
  const std::string body = tree_body(entries);
  CHECK(tree_id(as_bytes(body)).hex() == git.run("mktree --missing -z", listing));
  CHECK(tree_id(as_bytes(body)).hex() == git.object_id("tree", body));

  const auto parsed = parse_tree(as_bytes(body));
  REQUIRE(parsed);
  CHECK(parsed->size() == entries.size());
  CHECK(std::ranges::is_sorted(*parsed, tree_order));
  CHECK(tree_body(*parsed) == body);
}

TEST_CASE("object: random trees agree with git mktree", "[protocol][git]") {
  test::GitOracle git;
  test::SplitMix random(3);
  for (int round = 0; round < 8; ++round) {
    std::vector<GitTreeEntry> entries;
    std::string listing;
    for (std::uint64_t i = 0, count = random.below(60); i < count; ++i) {
      std::string name;
      for (std::uint64_t length = 1 + random.below(3); length > 0; --length)
        name += "ab-./0~\xC3"[random.below(8)];
      std::ranges::replace(name, '/', '_');
      const bool taken =
          std::ranges::any_of(entries, [&](const auto& e) { return e.name == name; });
      if (taken || name == "." || name == "..") continue;
      const bool folder = random.below(2) == 0;
      entries.push_back({folder ? mode_directory : mode_file, name, some_id(random.next())});
      listing +=
          (folder ? "040000 tree " : "100644 blob ") + entries.back().id.hex() + "\t" + name + '\0';
    }
    CAPTURE(round);
    CHECK(tree_id(as_bytes(tree_body(entries))).hex() == git.run("mktree --missing -z", listing));
  }
}

TEST_CASE("object: bad trees are refused", "[protocol][git]") {
  const std::string a = raw_entry("100644", "a");
  const auto refused = GENERATE_COPY(
      std::string("100644"), std::string("100644 a"), a + "1", a.substr(0, a.size() - 1),
      raw_entry("0100644", "a"), raw_entry("040000", "a"), raw_entry("100664", "a"),
      raw_entry("100648", "a"), raw_entry("", "a"), raw_entry("77777777", "a"),
      raw_entry("100644", ""), raw_entry("100644", "."), raw_entry("100644", ".."),
      raw_entry("100644", ".git"), raw_entry("40000", ".GiT"), raw_entry("100644", "a/b"), a + a,
      raw_entry("100644", "b") + raw_entry("100644", "a"),
      raw_entry("100644", "a") + raw_entry("100644", "a.b") + raw_entry("40000", "a"));
  CAPTURE(refused);
  const auto tree = parse_tree(as_bytes(refused));
  REQUIRE_FALSE(tree);
  CHECK(tree.error().code == Errc::unprocessable);
}

TEST_CASE("object: trees that cannot be are not written", "[protocol][git]") {
  CHECK_FALSE(serialize_tree({{0100664, "a", {}}}));
  CHECK_FALSE(serialize_tree({{mode_file, "a/b", {}}}));
  CHECK_FALSE(serialize_tree({{mode_file, std::string("a\0b", 3), {}}}));
  CHECK_FALSE(serialize_tree({{mode_file, "", {}}}));
  CHECK_FALSE(serialize_tree({{mode_file, ".git", {}}}));
  CHECK_FALSE(
      serialize_tree({{mode_file, "a", {}}, {mode_file, "a.b", {}}, {mode_directory, "a", {}}}));
}
