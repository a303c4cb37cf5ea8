#include "convert/forward/kernels/workers.h"

#include <atomic>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("workers: each piece once, again and again", "[convert][forward][workers]") {
  const auto threads = GENERATE(1u, 2u, 5u);
  Workers workers(threads);
  CHECK(workers.threads() == threads);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::atomic<int>> done(33);
    REQUIRE(workers.each(done.size(), [&](std::uint64_t piece) {
      ++done[piece];
      return ok();
    }));
    for (const auto& count : done) CHECK(count == 1);
  }
  CHECK(workers.each(0, [](std::uint64_t) { return Status(fail(Errc::corrupt, "no piece")); }));
}

TEST_CASE("workers: an error ends the work", "[convert][forward][workers]") {
  Workers workers(3);
  std::atomic<int> begun = 0;
  const auto result = workers.each(1'000'000, [&](std::uint64_t piece) {
    ++begun;
    return piece == 3 ? Status(fail(Errc::corrupt, "the fourth")) : ok();
  });
  REQUIRE_FALSE(result);
  CHECK(result.error().what == "the fourth");
  CHECK(begun < 1'000'000);
  CHECK(workers.each(10, [](std::uint64_t) { return ok(); }));
  const auto thrown =
      workers.each(2, [](std::uint64_t) -> Status { throw std::runtime_error("out of memory"); });
  REQUIRE_FALSE(thrown);
  CHECK(thrown.error().code == Errc::unavailable);
}

}  // namespace waag::convert::testing
