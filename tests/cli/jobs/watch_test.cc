#include "cli/jobs/watch.h"

#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using namespace std::chrono_literals;
using waag::cli::testing::FakeHttp;

namespace {

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}
std::string state(const std::string& name, const std::string& more = "") {
  return event("state", R"({"id":12,"state":")" + name + '"' + more + "}");
}
std::string progress(int done) {
  return event("progress", R"({"doneBytes":)" + std::to_string(done) + R"(,"totalBytes":999})");
}

struct Watch {
  FakeHttp http;
  std::ostringstream out, err;
  std::istringstream in;
  std::vector<std::chrono::milliseconds> slept;
  std::chrono::milliseconds time{0};
  unsigned columns = 0;
  bool json = false;

  int run() {
    World world{http, out, err, in, [](const std::string&) { return std::nullopt; }};
    world.columns = columns;
    world.sleep = [this](auto pause) { slept.push_back(pause); };
    world.now = [this] { return time += 1s; };  // each event comes a second after the last
    std::vector<std::string> args{"jobs", "watch", "12"};
    if (json) args.insert(args.begin(), "--json");
    return waag::cli::run(args, world);
  }
};

}  // namespace

TEST_CASE_METHOD(Watch, "jobs watch: lines where there is no terminal", "[cli][jobs]") {
  auto body = state("queued") + state("running");
  for (int i = 1; i <= 8; ++i) body += progress(i * 100);
  http.replies = {{200, body + state("done"), ""}};
  CHECK(run() == exit_ok);
  CHECK(http.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/jobs/12/events");
  CHECK(out.str() ==
        "job 12 queued\njob 12 running\n"
        "job 12: 10%  100 B of 999 B\n"
        "job 12: 60%  600 B of 999 B  100 B/s  4 s left\n"
        "job 12 done\n");
  CHECK(err.str().empty());
}

TEST_CASE_METHOD(Watch, "jobs watch: how it ends is the exit code", "[cli][jobs]") {
  const auto* name = GENERATE("failed", "cancelled");
  http.replies = {{200, state("running") + state(name, R"(,"error":"no\u001bspace")"), ""}};
  CHECK(run() == exit_refused);
  CHECK(err.str() == std::string("job 12 ") + name + ": no?space\n");
  CHECK(out.str() == "job 12 running\n");
}

TEST_CASE_METHOD(Watch, "jobs watch: a bar on a terminal", "[cli][jobs]") {
  columns = 70;
  http.replies = {{200,
                   state("running") + progress(500) +
                       state("done", R"(,"progress":{"doneBytes":999,"totalBytes":999})"),
                   ""}};
  CHECK(run() == exit_ok);
  CHECK(out.str() ==
        "job 12 running\n"
        "\r[############------------] 50%  500 B of 999 B\x1b[K"
        "\r[########################] 100%  999 B of 999 B  499 B/s\x1b[K"
        "\njob 12 done\n");
}

TEST_CASE_METHOD(Watch, "jobs watch: events as lines of JSON", "[cli][jobs]") {
  json = true;
  http.replies = {{200, state("running") + progress(1) + state("done"), ""}};
  CHECK(run() == exit_ok);
  CHECK(out.str() == R"({"event":"state","data":{"id":12,"state":"running"}})"
                     "\n"
                     R"({"event":"progress","data":{"doneBytes":1,"totalBytes":999}})"
                     "\n"
                     R"({"event":"state","data":{"id":12,"state":"done"}})"
                     "\n");
}

TEST_CASE_METHOD(Watch, "jobs watch: a stream that breaks is taken up again", "[cli][jobs]") {
  SECTION("cut, ended early, or the hub busy") {
    http.replies = {{200, state("running"), ""},
                    {200, state("running") + progress(5), ""},
                    {503, R"({"error":"later"})", ""},
                    {200, state("running") + state("done"), ""}};
    http.cut = {0};
    CHECK(run() == exit_ok);
    CHECK(http.seen.size() == 4);
    CHECK(slept == std::vector<std::chrono::milliseconds>{1s, 1s, 2s});
    CHECK(out.str().find("job 12 done\n") != std::string::npos);
  }
  SECTION("not for ever") {
    http.replies = {{200, state("running"), ""}};
    CHECK(run() == exit_unreachable);
    CHECK(http.seen.size() == 22);
    CHECK(slept.back() == 15s);
    CHECK(err.str().find("connection refused") != std::string::npos);
  }
  SECTION("nor if the job is gone") {
    http.replies = {{200, state("running"), ""}, {404, R"({"error":"No such job"})", ""}};
    CHECK(run() == exit_refused);
    CHECK(err.str() == "waag: No such job (HTTP 404)\n");
  }
}

TEST_CASE_METHOD(Watch, "jobs watch: nothing there from the start", "[cli][jobs]") {
  SECTION("no hub") { CHECK(run() == exit_unreachable); }
  SECTION("no job") {
    http.replies = {{404, R"({"error":"No such job"})", ""}};
    CHECK(run() == exit_refused);
  }
  SECTION("no events") {
    http.replies = {{200, "<html>", ""}};
    CHECK(run() == exit_unreachable);
    CHECK(err.str() == "waag: the hub says nothing about job 12\n");
  }
  CHECK(http.seen.size() == 1);
  CHECK(slept.empty());
}

TEST_CASE_METHOD(Watch, "jobs watch: what a job waits for", "[cli][jobs]") {
  const std::string waits =
      R"(,"notBefore":"2026-11-27T22:00:00.000Z","progress":{"doneBytes":0,"note":"waits for it"})";
  http.replies = {{200, state("queued", waits) + state("done"), ""}};
  CHECK(run() == exit_ok);
  CHECK(out.str() ==
        "job 12 queued, not before 2026-11-27T22:00:00.000Z: waits for it\njob 12 done\n");
}
