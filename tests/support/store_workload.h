#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/hash.h"
#include "storage/store.h"

/// The canonical workload of the crash tests: a seeded list of steps, each acknowledged or not, and
/// the model of what must then be there. The model is kept outside the store (RELIABILITY 1, "an
/// oracle outside the system"): it knows only the seed and how many steps were acknowledged.
namespace waag::testing {

/// A file's content, named by how it is made: nothing large is kept in the model.
struct Content {
  std::uint64_t seed = 0;
  std::uint32_t bytes = 0;
  std::uint32_t edit_at = 0;  // some bytes differ from the plain stream from here on (dedup food)
  bool operator==(const Content&) const = default;
};
Bytes make_content(const Content& content);

struct Step {
  enum class Kind : std::uint8_t {
    create_repo,
    commit,
    merge_pull,  // the same as a pull request to the branch, merged at once
    create_branch,
    delete_branch,
    delete_repo,
    put_user,
    move_repo,
    squash,
    drop_lfs,
    trash_repo,
    restore_repo
  };
  Kind kind{Kind::commit};
  std::string repo;    // name within namespace "crash"
  std::string to;      // move_repo: the new one
  std::string branch;  // short name
  std::string user;
  struct Put {
    std::string path;
    Content content;
    bool lfs = false;
  };
  std::vector<Put> puts;  // drop_lfs: one, whose content goes
  std::vector<std::string> removes;
};

/// branch -> path -> content of every repo, also of those in the trash, and the users. Paths of LFS
/// files, and no others, end in ".bin".
struct Model {
  using Files = std::map<std::string, Content>;
  std::map<std::string, std::map<std::string, Files>> repos;
  std::map<std::string, std::map<std::string, Files>> trash;
  std::vector<std::string> users;
  bool operator==(const Model&) const = default;
};

/// `count` steps, each valid after the ones before it. The same seed gives the same list.
std::vector<Step> make_workload(std::uint64_t seed, std::size_t count);
/// Likewise with smaller files, and each kind of step within seventeen, in a fixed order: for tests
/// that run it thousands of times.
/// @param owner  what the names of its repos and users begin with, if it is not alone
std::vector<Step> make_short_workload(std::uint64_t seed, std::size_t count,
                                      const std::string& owner = "");
void apply(Model& model, const Step& step);
/// Runs one step; ok() means acknowledged.
Status run(storage::Store& store, const Step& step);
/// Everything in the store that differs from the model, by reading every byte; empty if they agree.
/// Only what the owner's names begin with is looked at.
std::vector<std::string> differences(storage::Store& store, const Model& model,
                                     std::string_view owner = "");

/// A clock that only moves when told, and randomness from a seed: a run is repeatable.
class TestClock final : public storage::Clock {
 public:
  std::chrono::milliseconds now() const override { return std::chrono::milliseconds(now_); }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::chrono::milliseconds::rep> now_{1'790'000'000'000};  // others may read it
};

class SeededRandom final : public storage::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;
  std::uint64_t next();

 private:
  std::uint64_t state_;
};

/// Small packs, journals and caches, so that a short workload seals, rotates and checkpoints.
storage::StoreOptions small_store(const std::filesystem::path& data);

}  // namespace waag::testing
