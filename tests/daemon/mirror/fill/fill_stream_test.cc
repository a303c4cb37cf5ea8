#include "daemon/mirror/fill/fill_stream.h"

#include "tests/daemon/mirror/fill/fill_fixture.h"

namespace waag::daemon::testing {

using waag::testing::noise;

namespace {

/// A source whose transfers the test itself plays.
class ManualSource final : public ByteSource {
 public:
  /// As of a real transfer, its sink is called by one thread at a time.
  class Call final : public HttpClient::Transfer {
   public:
    Call(Stretch of, std::shared_ptr<UpstreamSink> to) : part(of), sink_(std::move(to)) {}
    void cancel() override { end(fail(Errc::unavailable, "cancelled")); }
    Status begin(unsigned status = 206) {
      UpstreamReply reply;
      reply.status = status;
      const std::scoped_lock lock(mutex_);
      return sink_ ? sink_->begin(reply) : fail(Errc::unavailable, "it is over");
    }
    Status write(std::string_view bytes) {
      const std::scoped_lock lock(mutex_);
      return sink_ ? sink_->write(as_bytes(bytes)) : fail(Errc::unavailable, "it is over");
    }
    void end(Status status) {
      const std::scoped_lock lock(mutex_);
      if (const auto sink = std::exchange(sink_, nullptr)) sink->done(std::move(status));
    }
    const Stretch part;

   private:
    std::mutex mutex_;
    std::shared_ptr<UpstreamSink> sink_;  // null after its end
  };

  std::shared_ptr<HttpClient::Transfer> fetch(Stretch part, std::shared_ptr<UpstreamSink> sink,
                                              std::shared_ptr<const Throttle>) override {
    auto call = std::make_shared<Call>(part, std::move(sink));
    const std::scoped_lock lock(mutex_);
    calls_.push_back(call);
    changed_.notify_all();
    return call;
  }
  [[nodiscard]] bool trusted() const override { return true; }
  [[nodiscard]] const std::string& name() const override { return name_; }

  /// The n-th transfer, when it comes.
  std::shared_ptr<Call> call(std::size_t n) {
    std::unique_lock lock(mutex_);
    const auto came = [&] { return calls_.size() > n; };
    if (!changed_.wait_for(lock, std::chrono::seconds(10), came)) FAIL("no call " << n);
    return calls_[n];
  }

 private:
  const std::string name_ = "manual";
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Call>> calls_;
};

}  // namespace

TEST_CASE_METHOD(FillFixture, "fill stream: what the statuses of a file server mean",
                 "[daemon][fill_stream]") {
  const auto content = noise(1, 10 * kib);
  mirror(content);
  const auto from = std::make_shared<ManualSource>();
  RunningFill running(fill(wanted(content, {from})));
  const auto call = from->call(0);
  CHECK(call->begin(200));
  CHECK(call->begin(206));
  const auto code = [&](unsigned status) { return call->begin(status).error().code; };
  CHECK(code(401) == Errc::forbidden);
  CHECK(code(403) == Errc::forbidden);
  CHECK(code(404) == Errc::not_found);
  CHECK(code(410) == Errc::not_found);
  CHECK(code(429) == Errc::too_many_requests);
  for (const auto status : {204u, 302u, 416u, 500u, 503u}) {
    CAPTURE(status);
    CHECK(code(status) == Errc::upstream_failed);
  }
}

TEST_CASE_METHOD(FillFixture, "fill stream: bytes go to their places", "[daemon][fill_stream]") {
  const auto content = noise(2, 3 * mib);
  mirror(content);
  const auto from = std::make_shared<ManualSource>();
  const auto made = fill(wanted(content, {from}), limits(2));
  RunningFill running(made);
  const auto front = from->call(0);
  const auto back = from->call(1);
  CHECK(front->part == Stretch{0, 2 * mib});
  CHECK(back->part == Stretch{2 * mib, 3 * mib});
  REQUIRE(back->begin());
  REQUIRE(back->write(content.substr(2 * mib, 100)));
  REQUIRE(back->write(content.substr(2 * mib + 100, 900)));
  std::string there(1000, ' ');
  CHECK(*made->file().read(2 * mib, std::as_writable_bytes(std::span(there))) == 1000);
  CHECK(there == content.substr(2 * mib, 1000));
  CHECK(made->fetched_bytes() == 1000);
  REQUIRE(back->write(content.substr(2 * mib + 1000)));
  back->end(ok());
  REQUIRE(front->begin());
  REQUIRE(front->write(content.substr(0, 2 * mib)));
  front->end(ok());
  REQUIRE(running.end());
  CHECK(made->fetched_bytes() == content.size());
}

TEST_CASE_METHOD(FillFixture, "fill stream: a body that ends too early failed",
                 "[daemon][fill_stream]") {
  const auto content = noise(3, 10 * kib);
  mirror(content);
  const auto from = std::make_shared<ManualSource>();
  RunningFill running(fill(wanted(content, {from})));
  const auto first = from->call(0);
  REQUIRE(first->begin());
  REQUIRE(first->write(content.substr(0, 1000)));
  first->end(ok());
  const auto second = from->call(1);
  CHECK(second->part == Stretch{1000, content.size()});
  REQUIRE(second->begin());
  REQUIRE(second->write(content.substr(1000)));
  // All is there: what else became of the transfer does not matter.
  second->end(fail(Errc::upstream_failed, "cut"));
  REQUIRE(running.end());
}

TEST_CASE_METHOD(FillFixture, "fill stream: the next one is asked for before one has ended",
                 "[daemon][fill_stream]") {
  const auto content = noise(5, 6 * mib);
  mirror(content);
  const auto from = std::make_shared<ManualSource>();
  RunningFill running(fill(wanted(content, {from}), limits(/*streams=*/1)));
  const auto front = from->call(0);
  REQUIRE(front->part == Stretch{0, 2 * mib});
  REQUIRE(front->begin());
  REQUIRE(front->write(content.substr(0, 2 * mib - 1)));
  // When the last byte will be there is known; that the first one took less than a second, too.
  const auto next = from->call(1);
  CHECK(next->part == Stretch{2 * mib, 6 * mib});
  REQUIRE(front->write(content.substr(2 * mib - 1, 1)));
  front->end(ok());
  REQUIRE(next->begin());
  REQUIRE(next->write(content.substr(2 * mib)));
  next->end(ok());
  REQUIRE(running.end());
}

TEST_CASE_METHOD(FillFixture, "fill stream: one that was shortened ends there",
                 "[daemon][fill_stream]") {
  const auto content = noise(4, 2 * mib);
  mirror(content);
  const auto from = std::make_shared<ManualSource>();
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  const auto front = from->call(0);
  REQUIRE(front->part == Stretch{0, 2 * mib});
  REQUIRE(front->begin());
  REQUIRE(front->write(content.substr(0, 10)));
  // For 300 ms nothing comes: it is not counted on for what lies far ahead.
  const auto far = mib + 100;  // more than what is never cut
  ReaderProbe reader(*made, {far, far + 10}, /*rest=*/false);
  const auto own = from->call(1);
  CHECK(own->part == Stretch{far, 2 * mib});
  REQUIRE(own->begin());
  REQUIRE(own->write(content.substr(far)));
  own->end(ok());
  CHECK(reader.bytes() == 10);
  const auto enough = front->write(content.substr(10));
  REQUIRE_FALSE(enough);
  CHECK(enough.error().code == Errc::conflict);
  CHECK(made->fetched_bytes() == content.size());  // none came twice
  front->end(enough);
  REQUIRE(running.end());
}

}  // namespace waag::daemon::testing
