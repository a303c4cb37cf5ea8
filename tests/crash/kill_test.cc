// Real kill -9 (RELIABILITY 2.2, A3): a child runs the workload and dies at its n-th change of the
// disk; the parent counts the acknowledged steps, opens the folder with real recovery, compares
// every byte with the model, and lets the next child go on from there. Every tenth death takes the
// index along. WAAG_KILLS sets how many deaths, WAAG_SEED which workload.

#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/image_count.h"
#include "tests/crash/store_check.h"
#include "tests/support/killing_file_system.h"

using namespace waag;
using namespace waag::testing;

namespace {

constexpr std::size_t steps_per_workload = 60;
constexpr std::uint64_t changes_between_deaths_max = 160;
constexpr std::uint64_t deaths_per_lost_index = 10;

struct Outcome {
  std::size_t acknowledged = 0;
  bool killed = false;
  int exit_code = 0;
};

Outcome run_victim(const std::vector<std::string>& args) {
  int pipe_ends[2];
  REQUIRE(::pipe2(pipe_ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  Outcome outcome;
  char byte = 0;
  while (::read(pipe_ends[0], &byte, 1) == 1) ++outcome.acknowledged;
  ::close(pipe_ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  outcome.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

/// Opens what is left and compares it. @return whether the step in flight happened
bool next_happened(const std::filesystem::path& data, const Model& model, const Model& with_next) {
  auto fs = storage::make_posix_file_system();
  TestClock clock;
  SeededRandom random(1);
  auto store = storage::Store::open(*fs, clock, random, small_store(data));
  if (!store) FAIL("recovery failed: " << store.error().what);
  const auto verdict = examine(**store, model, with_next);
  REQUIRE(verdict.problems == std::vector<std::string>{});
  REQUIRE((*store)->close());
  return verdict.next_happened;
}

}  // namespace

TEST_CASE("kill -9: no acknowledged step is lost, none is half there", "[crash][kill]") {
  const auto kills = environment("WAAG_KILLS", 20);
  auto seed = environment("WAAG_SEED", 1);
  SeededRandom random(seed);
  const auto root =
      std::filesystem::temp_directory_path() / ("waag-kill-" + std::to_string(::getpid()));
  std::uint64_t died = 0;
  while (died < kills) {
    CAPTURE(seed, died);
    const auto data = root / std::to_string(seed);
    std::filesystem::create_directories(data);
    const auto steps = make_workload(seed, steps_per_workload);
    Model model;
    std::size_t done = 0;
    while (done < steps.size() && died < kills) {
      const auto at = 1 + random.next() % changes_between_deaths_max;
      const auto death = random.next() % 3;
      const auto outcome =
          run_victim({WAAG_KILL_VICTIM, data.string(), std::to_string(seed), std::to_string(done),
                      std::to_string(steps.size()), std::to_string(at), std::to_string(death)});
      CAPTURE(done, at, death, outcome.acknowledged);
      REQUIRE((outcome.killed || outcome.exit_code == 0));
      for (std::size_t i = 0; i < outcome.acknowledged; ++i) apply(model, steps[done++]);
      Model with_next = model;
      if (outcome.killed && done < steps.size()) apply(with_next, steps[done]);
      if (outcome.killed && ++died % deaths_per_lost_index == 0)
        std::filesystem::remove_all(data / "index");
      if (next_happened(data, model, with_next)) apply(model, steps[done++]);
    }
    std::filesystem::remove_all(data);
    ++seed;
  }
  std::filesystem::remove_all(root);
  CHECK(died == kills);
  print_tried(died, "deaths by kill -9");
}
