#include "daemon/mirror/fill/fill.h"

#include "tests/daemon/mirror/fill/fill_fixture.h"

namespace waag::daemon::testing {

using waag::testing::noise;

TEST_CASE_METHOD(FillFixture, "fill: an LFS file is published and linked", "[daemon][fill]") {
  const auto content = noise(1, 5'000'000);
  mirror(content);
  const auto id = sha256(as_bytes(content));
  const auto from = source(content);
  const auto file = wanted(content, {from});
  CHECK_FALSE(*store->mirrors().may_show(uid, id));
  const auto made = fill(file, limits(/*streams=*/3));
  CHECK(made->state() == Fill::State::running);
  RunningFill running(made);
  const auto end = running.end();
  REQUIRE(end);
  CHECK(made->state() == Fill::State::done);
  CHECK(made->wait_until({}));
  CHECK(made->fetched_bytes() == content.size());
  CHECK(*store->mirrors().may_show(uid, id));
  const auto blob = store->open_blob(id);
  REQUIRE(blob);
  CHECK(read(**blob) == content);
  CHECK_FALSE(has_part(file));
  // Each byte was asked for once.
  storage::Intervals asked;
  std::uint64_t sum = 0;
  for (const auto& part : from->fetches()) {
    asked.add(part);
    sum += part.size();
  }
  CHECK(sum == content.size());
  CHECK(asked.bytes() == content.size());
}

TEST_CASE_METHOD(FillFixture, "fill: a regular file, and one without a byte", "[daemon][fill]") {
  const auto content = GENERATE(std::string("{\"a\": 1}\n"), noise(2, 200'000), std::string());
  const bool lfs = GENERATE(false, true);
  CAPTURE(content.size(), lfs);
  mirror(content, lfs);
  const auto file = wanted(content, {source(content)}, lfs);
  RunningFill running(fill(file));
  REQUIRE(running.end());
  if (lfs) {
    CHECK(*store->mirrors().may_show(uid, std::get<BlobId>(file.id)));
    CHECK(read(**store->open_blob(std::get<BlobId>(file.id))) == content);
  } else {
    CHECK(*store->mirrors().may_show(uid, std::get<GitId>(file.id)));
    CHECK(read(**store->open_git_blob(std::get<GitId>(file.id))) == content);
  }
}

TEST_CASE_METHOD(FillFixture, "fill: readers get the end when all is verified", "[daemon][fill]") {
  const auto content = noise(3, 300 * kib);
  const std::uint64_t size = content.size();
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto made = fill(wanted(content, {from}));
  ReaderProbe whole(*made, {0, size});
  ReaderProbe middle(*made, {10, 20 * kib}, /*rest=*/false);
  ReaderProbe tail(*made, {size - 10, size});
  ReaderProbe table(*made, {size - 10, size}, /*rest=*/false);
  RunningFill running(made);
  from->allow({0, 10 * kib});
  REQUIRE(from->wait_for_bytes(10 * kib));
  CHECK(whole.bytes() == 10 * kib);
  CHECK(middle.bytes() == 10 * kib - 10);
  CHECK(tail.bytes() == 0);
  whole.advance(kib);
  CHECK(whole.bytes() == 9 * kib);
  from->allow({0, size - 1});
  REQUIRE(from->wait_for_bytes(size - 1));
  CHECK(whole.bytes() == size - held_back - kib);
  whole.advance(size - held_back - kib);
  CHECK(whole.bytes() == 0);
  CHECK(middle.bytes() == 20 * kib - 10);
  CHECK(tail.bytes() == 0);   // as it may complete a whole file
  CHECK(table.bytes() == 9);  // a short one is given as it comes
  CHECK(made->wait_until({}).error().code == Errc::deadline_exceeded);
  from->allow_all();
  REQUIRE(running.end());
  CHECK(whole.bytes() == held_back);
  CHECK(tail.bytes() == 10);
  CHECK(table.bytes() == 10);
}

TEST_CASE_METHOD(FillFixture, "fill: an upstream that is not trusted gives no early ranges",
                 "[daemon][fill]") {
  const auto content = noise(4, 300 * kib);
  const std::uint64_t size = content.size();
  mirror(content);
  const auto from = source(content, /*trusted=*/false);
  from->hold();
  const auto file = wanted(content, {from});
  const auto made = fill(file);
  ReaderProbe whole(*made, {0, size});
  ReaderProbe middle(*made, {10, 20});
  ReaderProbe table(*made, {size - 10, size}, /*rest=*/false);
  from->allow({0, size - 1});
  RunningFill running(made);
  REQUIRE(from->wait_for_bytes(size - 1));
  CHECK(whole.bytes() == size - held_back);
  CHECK(middle.bytes() == 0);
  CHECK(table.bytes() == 0);
  from->allow_all();
  REQUIRE(running.end());
  CHECK(middle.bytes() == 10);
  CHECK(table.bytes() == 10);
}

TEST_CASE_METHOD(FillFixture, "fill: nobody knows who sent what an earlier life has left",
                 "[daemon][fill]") {
  const auto content = noise(5, 300 * kib);
  mirror(content);
  const auto bad = source(noise(6, 300 * kib), /*trusted=*/false);
  bad->hold();
  bad->allow({0, 100 * kib});
  const auto good = source(content);
  good->hold();
  {
    RunningFill first(fill(wanted(content, {bad})));
    REQUIRE(bad->wait_for_bytes(100 * kib));
    first.stop();
    CHECK_FALSE(first.end());
  }
  const auto made = fill(wanted(content, {good, bad}));
  ReaderProbe middle(*made, {10, 20}, /*rest=*/false);
  CHECK(middle.bytes() == 0);
  RunningFill running(made);
  REQUIRE(good->wait_for_fetches(1));
  CHECK(middle.bytes() == 0);
  // The old bytes are wrong, which is not the source's fault: it is asked for all.
  good->allow_all();
  REQUIRE(running.end());
  CHECK(middle.error() == Errc::upstream_failed);
  CHECK(bad->fetches().size() == 1);
  CHECK(*store->mirrors().may_show(uid, sha256(as_bytes(content))));
}

TEST_CASE_METHOD(FillFixture, "fill: a reader far ahead gets a transfer of its own",
                 "[daemon][fill]") {
  const auto content = noise(7, 6 * mib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  REQUIRE(from->wait_for_fetches(1));
  CHECK(from->fetches()[0].begin == 0);
  const auto far = 5 * mib + 123;
  ReaderProbe reader(*made, {far, far + 1000}, /*rest=*/false);
  REQUIRE(from->wait_for_fetch_at(far));  // though the limit is one transfer
  from->allow({far, far + 500});
  REQUIRE(from->wait_for_bytes(500));
  CHECK(reader.bytes() == 500);
  CHECK(made->file().bytes() == 500);
  from->allow_all();
  REQUIRE(running.end());
  CHECK(read(**store->open_blob(sha256(as_bytes(content)))) == content);
}

TEST_CASE_METHOD(FillFixture, "fill: wrong bytes cut who has some of them", "[daemon][fill]") {
  const auto content = noise(8, 300 * kib);
  auto other = content;
  other[5000] ^= 1;
  const bool lfs = GENERATE(true, false);
  CAPTURE(lfs);
  mirror(content, lfs);
  const auto bad = source(other);
  const auto good = source(content);
  good->hold();
  const auto made = fill(wanted(content, {bad, good}, lfs));
  ReaderProbe reader(*made, {0, content.size()});
  RunningFill running(made);
  REQUIRE(good->wait_for_fetches(1));
  CHECK(reader.error() == Errc::upstream_failed);
  CHECK(made->state() == Fill::State::running);
  CHECK(made->file().bytes() == 0);
  ReaderProbe later(*made, {0, content.size()});
  CHECK(later.bytes() == 0);
  good->allow_all();
  REQUIRE(running.end());
  CHECK(reader.error() == Errc::upstream_failed);
  CHECK(later.bytes() == content.size());
  CHECK(bad->fetches().size() == 1);
}

TEST_CASE_METHOD(FillFixture, "fill: no source has the right bytes", "[daemon][fill]") {
  const auto content = noise(9, 10 * kib);
  mirror(content);
  const auto bad = source(noise(10, 10 * kib));
  const auto file = wanted(content, {bad});
  const auto made = fill(file);
  ReaderProbe reader(*made, {0, content.size()});
  RunningFill running(made);
  const auto end = running.end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == Errc::upstream_failed);
  CHECK(made->state() == Fill::State::failed);
  CHECK(reader.error() == Errc::upstream_failed);
  CHECK_FALSE(made->wait_until({}));
  CHECK_FALSE(*store->mirrors().may_show(uid, sha256(as_bytes(content))));
  CHECK_FALSE(store->open_blob(sha256(as_bytes(content))));
}

TEST_CASE_METHOD(FillFixture, "fill: what an upstream does not have comes from the next",
                 "[daemon][fill]") {
  const auto content = noise(11, 10 * kib);
  mirror(content);
  const auto without = source(content);
  const auto status = GENERATE(404u, 403u, 401u, 410u);
  CAPTURE(status);
  without->answer(status);
  SECTION("which has it") {
    const auto with = source(content);
    RunningFill running(fill(wanted(content, {without, with})));
    REQUIRE(running.end());
    CHECK(without->fetches().size() == 1);
    CHECK(with->fetches().size() == 1);
  }
  SECTION("there is none") {
    const auto made = fill(wanted(content, {without}));
    ReaderProbe reader(*made, {0, content.size()});
    RunningFill running(made);
    const auto end = running.end();
    REQUIRE_FALSE(end);
    CHECK(end.error().code == (status == 404 || status == 410 ? Errc::not_found : Errc::forbidden));
    CHECK(reader.error() == Errc::upstream_failed);  // clients would remember a 404
  }
}

TEST_CASE_METHOD(FillFixture, "fill: transfers that fail are tried again", "[daemon][fill]") {
  const auto content = noise(12, 700 * kib);
  mirror(content);
  const auto from = source(content);
  const auto code =
      GENERATE(Errc::upstream_failed, Errc::deadline_exceeded, Errc::too_many_requests);
  from->fail_next(code);
  from->fail_next(code, /*after_bytes=*/300 * kib);  // progress: counting begins anew
  from->fail_next(code);
  from->fail_next(code);
  RunningFill running(fill(wanted(content, {from}), limits(1, /*tries=*/3)));
  REQUIRE(running.end());
  const std::uint64_t size = content.size();
  const std::uint64_t rest = 300 * kib;
  CHECK(from->fetches() ==
        std::vector<Stretch>{{0, size}, {0, size}, {rest, size}, {rest, size}, {rest, size}});
}

TEST_CASE_METHOD(FillFixture, "fill: tries are bounded", "[daemon][fill]") {
  const auto content = noise(13, 9 * mib);
  mirror(content);
  const auto from = source(content);
  from->fail_always(Errc::upstream_failed);
  SECTION("one after another") {
    RunningFill running(fill(wanted(content, {from}), limits(1, /*tries=*/3)));
    CHECK(running.end().error().code == Errc::upstream_failed);
    CHECK(from->fetches().size() == 3);
  }
  SECTION("side by side they fail once") {
    RunningFill running(fill(wanted(content, {from}), limits(4, /*tries=*/3)));
    CHECK(running.end().error().code == Errc::upstream_failed);
    CHECK(from->fetches().size() >= 8);
    CHECK(from->fetches().size() <= 12);
  }
  SECTION("then the next source") {
    const auto good = source(content);
    RunningFill running(fill(wanted(content, {from, good}), limits(1, /*tries=*/2)));
    REQUIRE(running.end());
    CHECK(from->fetches().size() == 2);
  }
}

TEST_CASE_METHOD(FillFixture, "fill: a failure of our own ends it", "[daemon][fill]") {
  const auto content = noise(14, 10 * kib);
  mirror(content);
  const auto from = source(content);
  const auto good = source(content);
  from->fail_next(Errc::no_space);
  const auto made = fill(wanted(content, {from, good}));
  ReaderProbe reader(*made, {0, content.size()});
  RunningFill running(made);
  CHECK(running.end().error().code == Errc::no_space);
  CHECK(reader.error() == Errc::no_space);
  CHECK(good->fetches().empty());
}

TEST_CASE_METHOD(FillFixture, "fill: what a stop leaves is gone on with", "[daemon][fill]") {
  const auto content = noise(15, mib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto file = wanted(content, {from});
  const std::uint64_t there = 600 * kib + 7;
  from->allow({0, there});
  {
    const auto made = fill(file);
    ReaderProbe reader(*made, {0, content.size()});
    RunningFill running(made);
    REQUIRE(from->wait_for_bytes(there));
    running.stop();
    CHECK(running.end().error().code == Errc::unavailable);
    CHECK(reader.error() == Errc::unavailable);
    CHECK(from->cancels() == 1);
  }
  CHECK(has_part(file));
  from->allow_all();
  const auto made = fill(file);
  CHECK(made->file().bytes() == there);
  RunningFill running(made);
  REQUIRE(running.end());
  CHECK(made->fetched_bytes() == content.size() - there);
  REQUIRE(from->fetches().size() == 2);
  CHECK(from->fetches()[1] == Stretch{there, content.size()});
  CHECK(read(**store->open_blob(sha256(as_bytes(content)))) == content);
}

TEST_CASE_METHOD(FillFixture, "fill: one that is stopped before it begins", "[daemon][fill]") {
  const auto content = noise(16, 10 * kib);
  mirror(content);
  const auto from = source(content);
  const auto made = fill(wanted(content, {from}));
  std::stop_source stop;
  stop.request_stop();
  CHECK(made->run(stop.get_token()).error().code == Errc::unavailable);
  CHECK(from->fetches().empty());
}

TEST_CASE_METHOD(FillFixture, "fill: a reader that leaves ends nothing", "[daemon][fill]") {
  const auto content = noise(17, 300 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  {
    ReaderProbe reader(*made, {100 * kib, 200 * kib});
    from->allow({0, 150 * kib});
    REQUIRE(from->wait_for_bytes(50 * kib));
    CHECK(reader.ready());
  }
  from->allow({0, 250 * kib});
  REQUIRE(from->wait_for_bytes(250 * kib));
  CHECK(from->cancels() == 0);
  CHECK(from->fetches().size() == 1);
  from->allow_all();
  REQUIRE(running.end());
}

TEST_CASE_METHOD(FillFixture, "fill: one that was thrown out", "[daemon][fill]") {
  const auto content = noise(18, 10 * kib);
  mirror(content);
  const auto made = fill(wanted(content, {source(content)}));
  ReaderProbe reader(*made, {0, content.size()});
  made->give_up(fail(Errc::internal, "thrown"));
  CHECK(made->state() == Fill::State::failed);
  CHECK(reader.error() == Errc::internal);
  CHECK(made->wait_until({}).error().code == Errc::internal);
}

}  // namespace waag::daemon::testing
