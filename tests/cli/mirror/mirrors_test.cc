#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const std::string at = "http://127.0.0.1:8080/api/waag/v1/mirrors";

}  // namespace

TEST_CASE("mirror add: what the hub is told", "[cli][mirror]") {
  const auto ran = run_with(
      {"mirror", "add", "nightly", "acme/*", "other/tiny", "--revision", "v*", "--include",
       "*.gguf", "--cron", "0 2 * * *", "--window", "22:00-06:00", "--rate", "20M", "--paused"},
      {{200, "{}", ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.seen.at(0).method == "POST");
  CHECK(ran.seen.at(0).url == at);
  CHECK(ran.seen.at(0).body ==
        R"({"name":"nightly","type":"model","repos":["acme/*","other/tiny"],"revisions":["v*"],)"
        R"("include":["*.gguf"],"cron":"0 2 * * *","window":"22:00-06:00","rate":"20M",)"
        R"("paused":true})");
  CHECK(ran.out == "added mirror nightly\n");
}

TEST_CASE("mirror: wrong command lines", "[cli][mirror]") {
  const auto args = GENERATE(
      std::vector<std::string>{"mirror"}, std::vector<std::string>{"mirror", "add", "x"},
      std::vector<std::string>{"mirror", "add", "x", "a/b", "--every", "1h", "--cron", "* * * * *"},
      std::vector<std::string>{"mirror", "run"});
  const auto ran = run_with(args);
  CHECK(ran.code == exit_usage);
  CHECK(ran.seen.empty());
}

TEST_CASE("mirror ls: a table", "[cli][mirror]") {
  const auto ran = run_with(
      {"mirror", "ls"},
      {{200,
        R"([{"name":"a","type":"model","repos":["acme/*","b/c"],"every":3600,"paused":false,)"
        R"("lastRunAt":"2026-11-26T12:00:00.000Z","lastStates":{"done":2,"failed":1}},)"
        R"({"name":"b","type":"dataset","repos":["x/y"],"paused":true,"lastStates":{}}])",
        ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.out.find("every 3600 s") != std::string::npos);
  CHECK(ran.out.find("2 done, 1 failed") != std::string::npos);
  CHECK(ran.out.find("acme/* b/c") != std::string::npos);
  CHECK(ran.out.find("paused") != std::string::npos);
}

TEST_CASE("mirror: run, pause, resume, rm, status", "[cli][mirror]") {
  const auto ran = run_with({"mirror", "run", "n"}, {{200, R"({"lastJobs":[4,5]})", ""}});
  CHECK(ran.seen.at(0).url == at + "/n/run");
  CHECK(ran.out == "jobs of n: [4,5]\n");
  const auto partly =
      run_with({"mirror", "run", "n"}, {{200, R"({"lastJobs":[],"lastError":"a/*: down"})", ""}});
  CHECK(partly.code == exit_refused);
  CHECK(partly.err == "waag: a/*: down\n");
  const auto paused = run_with({"mirror", "pause", "n"}, {{200, "{}", ""}});
  CHECK(paused.seen.at(0).method == "PATCH");
  CHECK(paused.seen.at(0).body == R"({"paused":true})");
  CHECK(run_with({"mirror", "resume", "n"}, {{200, "{}", ""}}).seen.at(0).body ==
        R"({"paused":false})");
  CHECK(run_with({"mirror", "rm", "n"}, {{200, "{}", ""}}).seen.at(0).method == "DELETE");
  const auto one = run_with({"mirror", "status", "n"},
                            {{200,
                              R"({"name":"n","repos":["a/b"],"revisions":["main"],"lastJobs":[4],)"
                              R"("lastStates":{"done":1},"lastError":"x"})",
                              ""}});
  CHECK(one.seen.at(0).url == at + "/n");
  CHECK(one.out.find("1 done") != std::string::npos);
  const auto all = run_with(
      {"mirror", "status"},
      {{200,
        R"({"upstreams":[{"url":"https://h","state":"up","calls":3,"failures":0,"bytes":9}],)"
        R"("fills":[{"file":"a/b x","bytes":9,"bytesHere":4}],"gone":[],)"
        R"("leftOut":[{"id":"a/c","type":"model","refs":3,"ref":"refs/tags/x","reason":"no"}]})",
        ""}});
  CHECK(all.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/upstreams");
  CHECK(all.out.find("https://h") != std::string::npos);
  CHECK(all.out.find("a/b x") != std::string::npos);
  CHECK(all.out.find("a/c         model  3     refs/tags/x  no\n") != std::string::npos);
  CHECK(run_with({"mirror", "status", "n"}, {{404, R"({"error":"no"})", ""}}).code == exit_refused);
}

TEST_CASE("mirror: rate and window are shown", "[cli][mirror]") {
  const std::string rule =
      R"({"name":"n","type":"model","repos":["a/b"],"every":3600,"window":"22:00-06:00",)"
      R"("rate":20000000,"windowOpen":false,"windowOpensAt":"2026-11-27T22:00:00.000Z",)"
      R"("lastStates":{"queued":1}})";
  const auto one = run_with({"mirror", "status", "n"}, {{200, rule, ""}});
  CHECK(one.out.find("22:00-06:00 UTC, closed until 2026-11-27T22:00:00.000Z\n") !=
        std::string::npos);
  CHECK(one.out.find("20 MB/s\n") != std::string::npos);
  const auto open = run_with({"mirror", "status", "n"},
                             {{200,
                               R"({"name":"n","window":"01:00-02:00","rate":1500000,)"
                               R"("windowOpen":true,"windowClosesAt":"2026-11-27T02:00:00.000Z"})",
                               ""}});
  CHECK(open.out.find("01:00-02:00 UTC, open until 2026-11-27T02:00:00.000Z\n") !=
        std::string::npos);
  CHECK(open.out.find("1500 kB/s\n") != std::string::npos);
  const auto all = run_with({"mirror", "ls"}, {{200, "[" + rule + "]", ""}});
  CHECK(all.out.find("every 3600 s  22:00-06:00  20 MB/s") != std::string::npos);
}
