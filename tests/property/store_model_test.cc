#include <cstdlib>

#include "tests/support/store_fixture.h"

// Random commits against a map of path to content: what the map says must be what the store has,
// and what the map cannot do the store must refuse with the right error and without a trace.

namespace waag::storage {
namespace {

using Files = std::map<std::string, std::string>;

struct Runner : testing::StoreFixture {
  explicit Runner(std::uint64_t seed) : StoreFixture(seed), dice(seed) {}

  std::uint64_t below(std::uint64_t bound) { return dice.next() % bound; }

  /// Few names and three levels, so that files and folders get in each other's way.
  std::string path() {
    std::string made(1, static_cast<char>('a' + below(4)));
    for (auto depth = below(3); depth > 0; --depth)
      made += std::string("/") + static_cast<char>('a' + below(4)) + (below(4) == 0 ? "-" : "");
    return made;
  }

  static bool is_folder(const Files& files, const std::string& path) {
    const auto at = files.lower_bound(path + "/");
    return at != files.end() && at->first.starts_with(path + "/");
  }

  static bool clashes(const Files& files, const std::string& path) {
    for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
      if (files.contains(path.substr(0, slash))) return true;
    return is_folder(files, path);
  }

  static void erase_folder(Files& files, const std::string& path) {
    std::erase_if(files, [&](const auto& file) { return file.first.starts_with(path + "/"); });
  }

  /// One change, made to `files` too. @return what the store must answer, if not yes
  std::optional<Errc> change(Files& files, std::vector<Change>& changes) {
    const auto at = path();
    const auto kind = below(10);
    if (kind < 6) {
      const auto content = testing::noise(
          below(8), static_cast<std::uint32_t>(below(20) == 0 ? 140'000 : below(300)));
      changes.push_back(kind < 2 ? put_lfs(at, content) : put(at, content));
      if (clashes(files, at)) return Errc::unprocessable;
      files[at] = content;
    } else if (kind < 9) {
      changes.push_back(remove(at));
      if (is_folder(files, at)) {
        erase_folder(files, at);
      } else if (files.erase(at) == 0) {
        return Errc::entry_not_found;
      }
    } else {
      changes.push_back(remove_folder(at));
      if (!is_folder(files, at)) return Errc::entry_not_found;
      erase_folder(files, at);
    }
    return std::nullopt;
  }

  testing::SeededRandom dice;
};

/// From the environment to replay a failure; else a few fixed ones.
std::vector<std::uint64_t> seeds() {
  if (const char* given = std::getenv("WAAG_SEED")) return {std::strtoull(given, nullptr, 10)};
  return {1, 2, 3};
}

}  // namespace

TEST_CASE("store: random commits agree with a map", "[property][store]") {
  for (const auto seed : seeds()) {
    INFO("replay with WAAG_SEED=" << seed);
    Runner run(seed);
    const auto uid = run.make_repo("tiny");
    Files files;
    std::vector<std::pair<CommitId, Files>> past;
    for (int round = 0; round < 120; ++round) {
      CAPTURE(round);
      Files next = files;
      std::vector<Change> changes;
      std::optional<Errc> want;
      for (auto count = 1 + run.below(4); count > 0 && !want; --count)
        want = run.change(next, changes);
      const auto head_before = run.head(uid);
      const auto outcome = run.store->commit(Runner::request(uid, changes));
      if (want) {
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == *want);
        CHECK(run.head(uid) == head_before);
      } else {
        if (!outcome) FAIL(outcome.error().what);
        files = next;
        if (round % 20 == 0) past.emplace_back(outcome->commit, files);
      }
      if (round % 30 == 29) run.reopen();
      if (round % 5 == 0) REQUIRE(run.files_of(uid, run.head(uid)) == files);
    }
    CHECK(run.files_of(uid, run.head(uid)) == files);
    for (const auto& [commit, then] : past) CHECK(run.files_of(uid, commit) == then);
    const auto report = fsck(*run.store);
    REQUIRE(report);
    CHECK(report->problems == std::vector<std::string>{});
  }
}

}  // namespace waag::storage
