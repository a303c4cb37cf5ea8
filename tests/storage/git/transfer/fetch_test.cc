#include "storage/git/transfer/fetch.h"

#include <catch2/catch.hpp>

#include "protocol/git/stream/pack_writer.h"
#include "protocol/git/stream/raw_reader.h"
#include "storage/git/transfer/commit_range.h"
#include "storage/git/transfer/incoming_pack.h"
#include "storage/git/transfer/object_list.h"
#include "storage/git/transfer/object_source.h"
#include "storage/git/transfer/reachable.h"
#include "storage/git/transfer/shallow.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::storage;
using waag::testing::StoreFixture;

namespace {

GitId id_of(const CommitId& commit) { return git::to_git_id(commit); }
GitId blob(std::string_view text) { return git::blob_id(as_bytes(text)); }

/// A repo of five commits after its first one: file "n" holds the number, "d/n" too.
struct History : StoreFixture {
  std::uint64_t uid = make_repo("repo");
  std::vector<CommitId> commits{head(uid)};
  std::string large = waag::testing::noise(5, 300'000);

  History() {
    for (int i = 1; i <= 5; ++i) {
      const auto text = std::to_string(i);
      std::vector<Change> changes{put("n", text), put("d/n", "in " + text)};
      if (i == 1) changes.push_back(put("large", large));
      clock.advance(std::chrono::seconds(1));
      commits.push_back(commit(uid, std::move(changes)));
    }
  }

  std::unique_ptr<GitFetch> fetch(git::FetchRequest request) {
    auto made = store->git_fetch(uid, std::move(request));
    if (!made) FAIL("git_fetch: " << made.error().what);
    return *std::move(made);
  }
  Errc error_of(git::FetchRequest request) {
    const auto made = store->git_fetch(uid, std::move(request));
    REQUIRE_FALSE(made);
    return made.error().code;
  }
  static std::string bytes_of(const GitFetch& fetch, std::size_t piece = 1u << 16) {
    auto pack = fetch.pack();
    if (!pack) FAIL("pack: " << pack.error().what);
    Bytes block(piece);
    std::string bytes;
    while (true) {
      const auto got = (*pack)->read(block);
      if (!got) FAIL("read: " << got.error().what);
      bytes += as_text(ByteView(block).first(*got));
      if (*got < block.size()) return bytes;
    }
  }
};

/// A pack read back by the other road.
struct Unpacked {
  waag::testing::MemoryFileSystem fs;
  std::unique_ptr<IncomingPack> pack;
  explicit Unpacked(const std::string& bytes) {
    REQUIRE(fs.create_dir("s"));
    pack = *IncomingPack::begin(fs, "s/p");
    REQUIRE(pack->feed(as_bytes(bytes)));
    REQUIRE(pack->finish());
  }
  bool has(const GitId& id) const { return pack->find(id).has_value(); }
};

}  // namespace

TEST_CASE("fetch: a clone has everything, in the same bytes each time", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits.back())};
  const auto bytes = History::bytes_of(*repo.fetch(request));
  CHECK(bytes == History::bytes_of(*repo.fetch(request), 17));
  Unpacked back(bytes);
  for (const auto& commit : repo.commits) CHECK(back.has(id_of(commit)));
  CHECK(back.has(blob("1")));
  CHECK(back.has(blob("in 5")));
  const auto object = back.pack->find(blob(repo.large));
  REQUIRE(object);
  CHECK(as_text(**back.pack->read(*object)) == repo.large);
  // 6 commits; 1 tree of the first, two of each other; .gitattributes, large, n and d/n five times.
  CHECK(back.pack->objects() == 6 + 11 + 2 + 10);
}

TEST_CASE("fetch: raw objects become the same pack", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits.back())};
  const std::size_t piece = GENERATE(17, 1 << 16);
  for (const auto& haves : {std::vector<CommitId>{}, {repo.commits[4]}, {repo.commits[5]}}) {
    request.haves = haves;
    const auto fetch = repo.fetch(request);
    auto source = fetch->raw();
    REQUIRE(source);
    git::PackWriter writer;
    std::string pack;
    git::RawReader reader(writer, [&pack](ByteView bytes) {
      pack += as_text(bytes);
      return ok();
    });
    Bytes block(piece);
    for (std::size_t got = block.size(); got == block.size();) {
      const auto read = (*source)->read(block);
      REQUIRE(read);
      got = *read;
      REQUIRE(reader.feed(ByteView(block).first(got)));
    }
    REQUIRE(reader.finish());
    CHECK(pack == History::bytes_of(*fetch));
  }
}

TEST_CASE("fetch: only what is new", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits[5])};
  request.haves = {repo.commits[4], CommitId{blob("unknown").bytes}};
  const auto fetch = repo.fetch(request);
  CHECK(fetch->common() == std::vector{repo.commits[4]});
  CHECK(*fetch->ready());
  Unpacked back(History::bytes_of(*fetch));
  CHECK(back.pack->objects() == 5);
  CHECK_FALSE(back.has(id_of(repo.commits[4])));
  request.haves = {repo.commits[5]};
  CHECK(Unpacked(History::bytes_of(*repo.fetch(request))).pack->objects() == 0);
  request.haves = {};
  CHECK_FALSE(*repo.fetch(request)->ready());
}

TEST_CASE("fetch: depths", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits[5])};
  request.deepen.depth = 2;
  const auto first = repo.fetch(request);
  CHECK(first->shallow().shallow == std::vector{repo.commits[4]});
  CHECK(first->shallow().unshallow.empty());
  Unpacked two(History::bytes_of(*first));
  CHECK(two.has(id_of(repo.commits[4])));
  CHECK_FALSE(two.has(id_of(repo.commits[3])));

  request.shallow = {repo.commits[4]};
  request.haves = {repo.commits[5]};
  request.deepen.depth = 3;
  const auto second = repo.fetch(request);
  CHECK(second->shallow().shallow == std::vector{repo.commits[3]});
  CHECK(second->shallow().unshallow == std::vector{repo.commits[4]});
  Unpacked third(History::bytes_of(*second));
  CHECK(third.has(id_of(repo.commits[3])));
  CHECK_FALSE(third.has(id_of(repo.commits[4])));

  request.deepen.depth = 1;
  request.deepen.relative = true;
  CHECK(repo.fetch(request)->shallow().shallow == std::vector{repo.commits[3]});

  request.deepen = {};
  request.deepen.depth = 0x7fffffff;
  const auto all = repo.fetch(request);
  CHECK(all->shallow().shallow.empty());
  CHECK(Unpacked(History::bytes_of(*all)).has(id_of(repo.commits[0])));
}

TEST_CASE("fetch: cut by time and by refs", "[storage][git]") {
  History repo;
  REQUIRE(repo.store->move_ref(repo.uid, "refs/tags/old", std::nullopt, repo.commits[2], "ann"));
  git::FetchRequest request;
  request.wants = {id_of(repo.commits[5])};
  request.deepen.not_refs = {"old"};
  CHECK(repo.fetch(request)->shallow().shallow == std::vector{repo.commits[3]});
  request.deepen.not_refs = {"missing"};
  CHECK(repo.error_of(request) == Errc::invalid_argument);
  request.deepen.not_refs = {};
  request.deepen.since = 0;
  CHECK(repo.fetch(request)->shallow().shallow.empty());
  request.deepen.since = 1'000'000'000'000;
  CHECK(repo.error_of(request) == Errc::invalid_argument);
}

TEST_CASE("fetch: filters, and blobs fetched later", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits[5])};
  request.filter.none = true;
  CHECK(Unpacked(History::bytes_of(*repo.fetch(request))).pack->objects() == 6 + 11);
  request.filter = {false, 1000};
  CHECK(Unpacked(History::bytes_of(*repo.fetch(request))).pack->objects() == 6 + 11 + 11);
  request.wants = {blob(repo.large), blob("3")};
  request.filter = {true, std::nullopt};
  Unpacked later(History::bytes_of(*repo.fetch(request)));
  CHECK(later.pack->objects() == 2);
  CHECK(later.has(blob(repo.large)));
}

TEST_CASE("fetch: another repo's objects are nobody's", "[storage][git]") {
  History repo;
  const auto other = repo.make_repo("other");
  const auto secret = repo.commit(other, {repo.put("secret", "the secret")});
  git::FetchRequest request;
  for (const auto& want : {id_of(secret), blob("the secret"), blob("nothing")}) {
    request.wants = {id_of(repo.commits[5]), want};
    CHECK(repo.error_of(request) == Errc::not_found);
  }
  request.wants = {id_of(repo.commits[5])};
  request.haves = {secret};
  CHECK(repo.fetch(request)->common().empty());
}

TEST_CASE("fetch: a commit behind the tips may be wanted", "[storage][git]") {
  History repo;
  git::FetchRequest request;
  request.wants = {id_of(repo.commits[2])};
  Unpacked back(History::bytes_of(*repo.fetch(request)));
  CHECK(back.has(id_of(repo.commits[1])));
  CHECK_FALSE(back.has(id_of(repo.commits[3])));
}
