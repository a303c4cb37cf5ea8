#include "daemon/api/common/pump.h"

#include "tests/daemon/hub_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeBody;
using waag::daemon::testing::run_task;

namespace {

std::string text_of(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ";";
  text.resize(bytes);
  return text;
}

struct Pumped {
  Result<std::uint64_t> result;
  std::string seen;
  std::size_t largest = 0;
};

Pumped run(const std::shared_ptr<FakeBody>& body, std::size_t fail_after = std::string::npos) {
  asio::thread_pool pool(2);
  Pumped pumped;
  Sink sink = [&pumped, fail_after](ByteView bytes) -> Status {
    if (pumped.seen.size() >= fail_after) return fail(Errc::no_space, "full");
    pumped.seen += as_text(bytes);
    pumped.largest = std::max(pumped.largest, bytes.size());
    return ok();
  };
  pumped.result = run_task(pump(body, pool, std::move(sink)));
  pool.join();
  return pumped;
}

}  // namespace

TEST_CASE("pump: all bytes in order, in large pieces", "[daemon][pump]") {
  const auto size = GENERATE(0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5'000'000);
  const auto piece = GENERATE(100'000, 1 << 20, 3 << 20);
  const auto text = text_of(static_cast<std::size_t>(size));
  const auto pumped = run(std::make_shared<FakeBody>(text, static_cast<std::size_t>(piece)));
  REQUIRE(pumped.result);
  CHECK(*pumped.result == text.size());
  CHECK(pumped.seen == text);
  CHECK(pumped.largest <= pump_buffer_bytes);
}

TEST_CASE("pump: the first error ends it", "[daemon][pump]") {
  const auto cut = std::make_shared<FakeBody>(text_of(3'000'000));
  cut->cut_at = 2'500'000;
  const auto ended = run(cut);
  REQUIRE_FALSE(ended.result);
  CHECK(ended.result.error().code == Errc::invalid_argument);
  const auto full = run(std::make_shared<FakeBody>(text_of(5'000'000)), 2'000'000);
  REQUIRE_FALSE(full.result);
  CHECK(full.result.error().code == Errc::no_space);
  CHECK(full.seen.size() < 5'000'000);
}
