#include "daemon/auth/secrets/passwords.h"

#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::run_task;

TEST_CASE("passwords: what was set is right, anything else is wrong", "[daemon][passwords]") {
  Passwords passwords;
  const auto stored = run_task(passwords.hash("correct horse"));
  REQUIRE(stored);
  CHECK(stored->starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  CHECK(stored->find("correct") == std::string::npos);
  CHECK(*run_task(passwords.hash("correct horse")) != *stored);  // another salt
  const auto right = [&](const std::string& against, const std::string& password) {
    const auto answer = run_task(passwords.verify(against, password));
    REQUIRE(answer);
    return *answer;
  };
  CHECK(right(*stored, "correct horse"));
  CHECK_FALSE(right(*stored, "correct horsf"));
  CHECK_FALSE(right(*stored, ""));
  CHECK_FALSE(right(*stored, std::string("correct horse\0x", 15)));
  CHECK_FALSE(right("", ""));
  CHECK_FALSE(right("", "correct horse"));
  CHECK_FALSE(right("no hash", "correct horse"));
}

TEST_CASE("passwords: nobody's takes the work of a wrong one", "[daemon][passwords]") {
  Passwords passwords;
  const auto stored = run_task(passwords.hash("correct horse"));
  REQUIRE(stored);
  const auto fastest = [&](const std::string& against) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
      const auto start = std::chrono::steady_clock::now();
      REQUIRE(run_task(passwords.verify(against, "wrong horse")));
      best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    return std::chrono::duration<double, std::milli>(best).count();
  };
  const auto wrong_ms = fastest(*stored), nobody_ms = fastest("");
  CAPTURE(wrong_ms, nobody_ms);
  CHECK(nobody_ms > wrong_ms / 3);  // a look-up that fails at once takes a thousandth
}

TEST_CASE("passwords: only so many wait", "[daemon][passwords]") {
  Passwords passwords;
  asio::io_context io;
  std::size_t done = 0, refused = 0;
  constexpr std::size_t callers = 25;
  for (std::size_t i = 0; i < callers; ++i)
    asio::co_spawn(io, passwords.verify("", "x"), [&](std::exception_ptr, Result<bool> answer) {
      ++(answer ? done : refused);
      if (!answer) CHECK(answer.error().code == Errc::unavailable);
    });
  io.run();
  CHECK(done == 18);
  CHECK(refused == callers - done);
}
