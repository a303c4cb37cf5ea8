// The process that kill_test.cc lets die: runs the seeded workload on a real folder and writes one
// byte to standard output for each acknowledged step.
//
//   kill_victim DATA SEED FIRST_STEP STEPS KILL_AT DEATH     prints the number of changes if it
//   lives

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "tests/support/killing_file_system.h"
#include "tests/support/store_workload.h"

using namespace waag;
using namespace waag::testing;

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
  std::uint64_t changes = 0;
  auto fs = make_killing_file_system(storage::make_posix_file_system(), number(5),
                                     static_cast<Death>(number(6)), &changes);
  TestClock clock;
  // With the place of its death: lives that end before a step would draw the same names of packs.
  SeededRandom random((number(2) * 1000 + number(3)) * 1000 + number(5));
  auto store = storage::Store::open(*fs, clock, random, small_store(argv[1]));
  if (!store) {
    std::fprintf(stderr, "open: %s\n", store.error().what.c_str());
    return 3;
  }
  const auto steps = make_workload(number(2), number(4));
  for (std::size_t i = number(3); i < steps.size(); ++i) {
    clock.advance(std::chrono::milliseconds(1000));
    if (auto done = run(**store, steps[i]); !done) {
      std::fprintf(stderr, "step %zu: %s\n", i, done.error().what.c_str());
      return 4;
    }
    if (::write(STDOUT_FILENO, "A", 1) != 1) return 5;
  }
  if (auto closed = (*store)->close(); !closed) return 6;
  std::fprintf(stderr, "%llu\n", static_cast<unsigned long long>(changes));
  return 0;
}
