#include "daemon/mirror/fill/fills.h"

#include <fstream>

#include "tests/daemon/mirror/fill/fill_fixture.h"

namespace waag::daemon::testing {

using waag::testing::noise;

namespace {

/// What ended, in the order in which it did.
class Endings {
 public:
  Fills::Options options(std::size_t at_once = 4) {
    Fills::Options made;
    made.limits = FillFixture::limits();
    made.at_once = at_once;
    made.ended = [this](const Fill& fill, const Status& status) {
      const std::scoped_lock lock(mutex_);
      ended_.emplace_back(fill.wanted().about, status);
      changed_.notify_all();
    };
    return made;
  }
  std::vector<std::pair<std::string, Status>> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    const auto all = [&] { return ended_.size() >= count; };
    if (!changed_.wait_for(lock, std::chrono::seconds(10), all)) FAIL("fills do not end");
    return ended_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, Status>> ended_;
};

std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

}  // namespace

TEST_CASE_METHOD(FillFixture, "fills: who wants a file that is on its way joins",
                 "[daemon][fills]") {
  const auto content = noise(1, 100 * kib);
  mirror(content);
  const auto from = source(content);
  const auto spare = source(content);
  from->hold();
  Endings endings;
  Fills fills(*store, endings.options());
  const auto first = fills.join(wanted(content, {from}));
  REQUIRE(first);
  const auto second = fills.join(wanted(content, {spare}));
  REQUIRE(second);
  CHECK(*first == *second);
  from->allow({0, 10 * kib});
  REQUIRE(from->wait_for_bytes(10 * kib));
  const auto running = fills.running();
  REQUIRE(running.size() == 1);
  CHECK(running[0].about == "acme/tiny file");
  CHECK(running[0].size_bytes == content.size());
  CHECK(running[0].there_bytes == 10 * kib);
  from->allow_all();
  CHECK((*second)->wait_until(soon()));
  CHECK(endings.wait(1)[0].second);
  CHECK(fills.running().empty());
  CHECK(from->fetches().size() == 1);
  CHECK(spare->fetches().empty());
}

TEST_CASE_METHOD(FillFixture, "fills: what one repo's upstream sends is not another's",
                 "[daemon][fills]") {
  const auto content = noise(2, 10 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  Endings endings;
  Fills fills(*store, endings.options());
  const auto mine = fills.join(wanted(content, {from}));
  auto other = wanted(content, {from});
  ++other.repo_uid;
  const auto theirs = fills.join(other);
  REQUIRE((mine && theirs));
  CHECK(*mine != *theirs);
  REQUIRE(from->wait_for_fetches(2));
}

TEST_CASE_METHOD(FillFixture, "fills: after a failure the next one begins anew",
                 "[daemon][fills]") {
  const auto content = noise(3, 10 * kib);
  mirror(content);
  const auto from = source(content);
  from->fail_next(Errc::not_found);
  Endings endings;
  Fills fills(*store, endings.options());
  const auto first = fills.join(wanted(content, {from}));
  REQUIRE(first);
  CHECK(endings.wait(1)[0].second.error().code == Errc::not_found);
  const auto second = fills.join(wanted(content, {from}));
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK((*second)->wait_until(soon()));
  CHECK(endings.wait(2)[1].second);
}

TEST_CASE_METHOD(FillFixture, "fills: more than run at once wait their turn", "[daemon][fills]") {
  const auto one = noise(4, 10 * kib);
  const auto two = noise(5, 10 * kib);
  mirror(one);
  const auto first = source(one);
  const auto second = source(two);
  first->hold();
  Endings endings;
  Fills fills(*store, endings.options(/*at_once=*/1));
  auto file = wanted(one, {first});
  file.about = "one";
  REQUIRE(fills.join(file));
  REQUIRE(first->wait_for_fetches(1));
  file = wanted(two, {second});
  file.about = "two";
  const auto waiting = fills.join(file);
  REQUIRE(waiting);
  CHECK(fills.running().size() == 2);
  CHECK((*waiting)->state() == Fill::State::running);
  CHECK(second->fetches().empty());
  first->allow_all();
  const auto ended = endings.wait(2);
  CHECK(ended[0].first == "one");
  CHECK(ended[1].first == "two");
  CHECK(ended[1].second);
}

TEST_CASE_METHOD(FillFixture, "fills: what jobs want holds no thread that a reader needs",
                 "[daemon][fills]") {
  const auto blocked = noise(11, 10 * kib), queued = noise(12, 10 * kib),
             read = noise(13, 10 * kib);
  mirror(blocked);
  const auto slow = source(blocked), next = source(queued), other = source(read);
  slow->hold();  // the upstream does not send until it is told to
  Endings endings;
  auto options = endings.options(/*at_once=*/1);
  options.jobs_at_once = 1;
  Fills fills(*store, std::move(options));
  const auto first = fills.join(wanted(blocked, {slow}), nullptr, Fills::For::job);
  REQUIRE(first);
  REQUIRE(slow->wait_for_fetches(1));
  const auto second = fills.join(wanted(queued, {next}), nullptr, Fills::For::job);
  REQUIRE(second);
  const auto readers = fills.join(wanted(read, {other}));
  REQUIRE(readers);
  CHECK((*readers)->wait_until(soon()));
  CHECK(next->fetches().empty());  // it is a job's, and its turn has not come

  SECTION("also if it waits behind others for a job") {
    const auto joined = fills.join(wanted(queued, {next}));
    REQUIRE(joined);
    CHECK(*joined == *second);
    CHECK((*joined)->wait_until(soon()));
    CHECK((*first)->state() == Fill::State::running);
  }
  slow->allow_all();
  CHECK(endings.wait(3).size() == 3);
  CHECK(next->fetches().size() == 1);  // by one thread
}

TEST_CASE_METHOD(FillFixture, "fills: the end of the hub keeps what came", "[daemon][fills]") {
  const auto content = noise(6, 100 * kib);
  const auto other = noise(7, 10 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto file = wanted(content, {from});
  Endings endings;
  {
    Fills fills(*store, endings.options(/*at_once=*/1));
    REQUIRE(fills.join(file));
    REQUIRE(fills.join(wanted(other, {source(other)})));
    from->allow({0, 40 * kib});
    REQUIRE(from->wait_for_bytes(40 * kib));
  }
  const auto ended = endings.wait(2);
  CHECK(ended[0].second.error().code == Errc::unavailable);
  CHECK(ended[1].second.error().code == Errc::unavailable);  // it had not begun
  CHECK(sources[1]->fetches().empty());
  CHECK(has_part(file));
  from->allow_all();
  Fills again(*store, endings.options());
  const auto rest = again.join(file);
  REQUIRE(rest);
  CHECK((*rest)->wait_until(soon()));
  CHECK(from->fetches().back() == Stretch{40 * kib, content.size()});
}

TEST_CASE_METHOD(FillFixture, "fills: a file that has no room", "[daemon][fills]") {
  const auto content = noise(8, kib);
  mirror(content);
  const auto from = source(content);
  auto file = wanted(content, {from});
  file.size_bytes = 1ull << 60;
  Endings endings;
  Fills fills(*store, endings.options());
  const auto joined = fills.join(file);
  REQUIRE_FALSE(joined);
  CHECK(joined.error().code == Errc::no_space);
  CHECK(fills.running().empty());
  CHECK_FALSE(has_part(file));
}

TEST_CASE_METHOD(FillFixture, "fills: old parts are swept", "[daemon][fills]") {
  const auto put = [&](const std::string& name, std::chrono::hours age) {
    const auto path = store->fills() / name;
    std::ofstream(path) << "bytes";
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(path, now - age);
    return path;
  };
  const auto old_part = put("old.part", std::chrono::days(8));
  const auto old_have = put("old.have", std::chrono::days(8));
  const auto fresh_part = put("fresh.part", std::chrono::days(6));
  const Fills fills(*store, {});
  CHECK_FALSE(std::filesystem::exists(old_part));
  CHECK_FALSE(std::filesystem::exists(old_have));
  CHECK(std::filesystem::exists(fresh_part));
}

TEST_CASE_METHOD(FillFixture, "fills: what only a rule wanted ends when it leaves, and goes on",
                 "[daemon][fills]") {
  const auto content = noise(9, 100 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto file = wanted(content, {from});
  const auto cap = std::make_shared<RateCap>(50'000);
  Endings endings;
  Fills fills(*store, endings.options());
  const auto first = fills.join(file, cap);
  REQUIRE(first);
  from->allow({0, 40 * kib});
  REQUIRE(from->wait_for_bytes(40 * kib));
  CHECK(from->rate() == 50'000);
  (*first)->leave(cap);
  CHECK(endings.wait(1)[0].second.error().code == Errc::unavailable);
  CHECK((*first)->is_parked());
  CHECK(from->cancels() == 1);
  CHECK(fills.running().empty());
  CHECK(has_part(file));
  from->allow_all();
  const auto rest = fills.join(file, cap);
  REQUIRE(rest);
  CHECK((*rest)->wait_until(soon()));
  CHECK(from->fetches().back() == Stretch{40 * kib, content.size()});
  CHECK_FALSE((*rest)->is_parked());
}

TEST_CASE_METHOD(FillFixture, "fills: whoever waits for the file takes the rule's cap from it",
                 "[daemon][fills]") {
  const auto content = noise(10, 100 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto file = wanted(content, {from});
  const auto cap = std::make_shared<RateCap>(50'000);
  Endings endings;
  Fills fills(*store, endings.options());
  const auto rule = fills.join(file, cap);
  REQUIRE(from->wait_for_fetches(1));
  CHECK(from->rate() == 50'000);
  const auto reader = fills.join(file);
  REQUIRE((rule && reader));
  CHECK(*rule == *reader);
  CHECK(from->rate() == 0);  // of the transfer that runs
  (*rule)->leave(cap);
  from->allow_all();
  CHECK((*reader)->wait_until(soon()));
  CHECK(from->fetches().size() == 1);
  CHECK(endings.wait(1)[0].second);
}

TEST_CASE_METHOD(FillFixture, "fills: who comes while one is being parked gets the file",
                 "[daemon][fills]") {
  for (unsigned round = 0; round < 40; ++round) {
    const auto content = noise(100 + round, 20 * kib);
    mirror(content);
    const auto from = source(content);
    from->hold();
    const auto file = wanted(content, {from});
    const auto cap = std::make_shared<RateCap>(50'000);
    Endings endings;
    Fills fills(*store, endings.options());
    const auto rule = fills.join(file, cap);
    REQUIRE(rule);
    if (round % 2 == 0) REQUIRE(from->wait_for_fetches(1));
    (*rule)->leave(cap);
    if (round % 4 > 1) std::this_thread::sleep_for(std::chrono::milliseconds(round));
    const auto reader = fills.join(file);
    REQUIRE(reader);
    from->allow_all();
    REQUIRE((*reader)->wait_until(soon()));
  }
}

}  // namespace waag::daemon::testing
