#include "convert/pipeline/in_order.h"

#include <atomic>
#include <mutex>
#include <new>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

Bytes piece(std::uint64_t index) {
  return Bytes(static_cast<std::size_t>(index % 5), static_cast<std::byte>(index));
}

}  // namespace

TEST_CASE("in_order: pieces are taken in order, each once", "[convert][pipeline][in_order]") {
  const auto threads = GENERATE(1u, 2u, 7u);
  CAPTURE(threads);
  std::vector<std::uint64_t> taken;
  std::atomic<int> made{0};
  std::atomic<bool> is_worker_shared{false};
  std::vector<std::atomic<bool>> busy(threads);
  const OrderedWork work{.count = 500,
                         .produce =
                             [&](unsigned worker, std::uint64_t index, Bytes& out) {
                               if (worker >= threads || busy[worker].exchange(true))
                                 is_worker_shared = true;
                               ++made;
                               out = piece(index);
                               if (index % 3 == 0) std::this_thread::yield();
                               busy[worker] = false;
                               return ok();
                             },
                         .consume =
                             [&](std::uint64_t index, ByteView bytes) {
                               const auto expected = piece(index);
                               CHECK(std::ranges::equal(bytes, expected));
                               taken.push_back(index);
                               return ok();
                             }};
  REQUIRE(run_in_order(threads, work));
  CHECK(made == 500);
  CHECK_FALSE(is_worker_shared);
  REQUIRE(taken.size() == 500);
  for (std::uint64_t i = 0; i < 500; ++i) CHECK(taken[i] == i);
}

TEST_CASE("in_order: nothing to do", "[convert][pipeline][in_order]") {
  const OrderedWork work{
      .count = 0,
      .produce = [](unsigned, std::uint64_t, Bytes&) -> Status {
        return fail(Errc::internal, "made");
      },
      .consume = [](std::uint64_t, ByteView) -> Status { return fail(Errc::internal, "taken"); }};
  CHECK(run_in_order(3, work));
}

TEST_CASE("in_order: the first piece that fails is the one told of",
          "[convert][pipeline][in_order]") {
  std::vector<std::uint64_t> taken;
  std::atomic<bool> has_later_failed{false};
  const OrderedWork work{.count = 100,
                         .produce = [&](unsigned, std::uint64_t index, Bytes&) -> Status {
                           if (index == 11) {
                             has_later_failed = true;
                             return fail(Errc::corrupt, "11");
                           }
                           // Fails last in time, first in order.
                           while (index == 10 && !has_later_failed) std::this_thread::yield();
                           if (index == 10) return fail(Errc::unprocessable, "10");
                           return ok();
                         },
                         .consume =
                             [&](std::uint64_t index, ByteView) {
                               taken.push_back(index);
                               return ok();
                             }};
  const auto status = run_in_order(2, work);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "10");
  CHECK(status.error().code == Errc::unprocessable);
  CHECK(taken.size() == 10);
}

TEST_CASE("in_order: a taker that fails stops the rest", "[convert][pipeline][in_order]") {
  std::atomic<std::uint64_t> made{0};
  const OrderedWork work{.count = 1'000'000,
                         .produce =
                             [&](unsigned, std::uint64_t, Bytes&) {
                               ++made;
                               return ok();
                             },
                         .consume = [](std::uint64_t index, ByteView) -> Status {
                           if (index == 3) return fail(Errc::no_space, "full");
                           return ok();
                         }};
  const auto status = run_in_order(2, work);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::no_space);
  CHECK(made <= 3 + 2 * 2);
}

TEST_CASE("in_order: no more than twice the threads' pieces are held",
          "[convert][pipeline][in_order]") {
  std::atomic<std::uint64_t> made{0};
  std::uint64_t held_max = 0;
  const OrderedWork work{.count = 300,
                         .produce =
                             [&](unsigned, std::uint64_t, Bytes& out) {
                               out.resize(8);
                               ++made;
                               return ok();
                             },
                         .consume =
                             [&](std::uint64_t index, ByteView) {
                               // Let them run ahead as far as they may.
                               for (int i = 0; i < 50; ++i) std::this_thread::yield();
                               held_max = std::max(held_max, made - index);
                               return ok();
                             }};
  REQUIRE(run_in_order(3, work));
  CHECK(held_max <= 6);
  CHECK(held_max >= 1);
}

TEST_CASE("in_order: exceptions become errors", "[convert][pipeline][in_order]") {
  const auto thrower = GENERATE(0, 1);
  CAPTURE(thrower);
  const OrderedWork work{.count = 50,
                         .produce = [&](unsigned, std::uint64_t index, Bytes&) -> Status {
                           if (thrower == 0 && index == 20) throw std::bad_alloc();
                           return ok();
                         },
                         .consume = [&](std::uint64_t index, ByteView) -> Status {
                           if (thrower == 1 && index == 20) throw std::bad_alloc();
                           return ok();
                         }};
  const auto status = run_in_order(2, work);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unavailable);
}

TEST_CASE("in_order: a piece comes with what an earlier one left",
          "[convert][pipeline][in_order]") {
  std::atomic<int> kept{0};
  const OrderedWork work{.count = 40,
                         .produce =
                             [&](unsigned, std::uint64_t, Bytes& out) {
                               if (out.capacity() >= 4096) ++kept;
                               out.resize(4096);
                               return ok();
                             },
                         .consume = [](std::uint64_t, ByteView) { return ok(); }};
  REQUIRE(run_in_order(1, work));
  CHECK(kept >= 30);  // no new memory for each
}

}  // namespace waag::convert::testing
