#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const std::string job = R"({"id":7,"kind":"mirror","state":"queued"})";
const std::string done = "event: state\ndata: {\"id\":7,\"state\":\"done\"}\n\n";

}  // namespace

TEST_CASE("pull: submits, follows, and tells what came", "[cli][mirror]") {
  const auto ran =
      run_with({"pull", "acme/tiny", "--include", "*.safetensors", "--exclude", "x/"},
               {{202, job, ""},
                {200, done, ""},
                {200,
                 R"({"id":7,"result":{"commit":"abc","files":3,"bytes":2048,"bytes_here":2048,)"
                 R"("bytes_fetched":1024,"files_left_out":1,"history":"git is off"}})",
                 ""}});
  CHECK(ran.code == exit_ok);
  REQUIRE(ran.seen.size() == 3);
  CHECK(ran.seen[0].method == "POST");
  CHECK(ran.seen[0].url == "http://127.0.0.1:8080/api/waag/v1/pulls");
  CHECK(ran.seen[0].body == R"({"repo":"acme/tiny","type":"model","revision":"main",)"
                            R"("include":["*.safetensors"],"exclude":["x/"]})");
  CHECK(ran.seen[1].url == "http://127.0.0.1:8080/api/waag/v1/jobs/7/events");
  CHECK(ran.out ==
        "job 7 done\n"
        "commit abc: 3 files, 2.00 KiB; 2.00 KiB here, 1.00 KiB fetched now; 1 files left out by "
        "the policy\n");
  CHECK(ran.err == "waag: without the history: git is off\n");
}

TEST_CASE("pull: tells what to know of it", "[cli][mirror]") {
  const auto ran = run_with(
      {"pull", "acme/tiny"},
      {{202, job, ""},
       {200, done, ""},
       {200,
        R"({"id":7,"result":{"commit":"abc","files":3,"bytes":2048,"bytes_here":2048,)"
        R"("rewritten_from":"def","refs_left_out":2,"warnings":["refs/heads/a is left out: no",)"
        R"("and 1 ref more"]}})",
        ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.out == "job 7 done\ncommit abc: 3 files, 2.00 KiB; 2.00 KiB here; 2 refs left out\n");
  CHECK(ran.err ==
        "warning: the upstream has rewritten it; before, it led to def\n"
        "warning: refs/heads/a is left out: no\n"
        "warning: and 1 ref more\n");
}

TEST_CASE("pull: without waiting", "[cli][mirror]") {
  const auto ran = run_with(
      {"pull", "acme/rows", "--type", "dataset", "--revision", "v1", "--dry-run", "--no-wait"},
      {{202, job, ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.seen.at(0).body ==
        R"({"repo":"acme/rows","type":"dataset","revision":"v1","dry_run":true})");
  CHECK(ran.out == "job 7: waag jobs watch 7\n");
  const auto json = run_with({"--json", "pull", "acme/rows", "--no-wait"}, {{202, job, ""}});
  CHECK(json.out.find(R"("id":7)") != std::string::npos);
}

TEST_CASE("pull: how it fails", "[cli][mirror]") {
  const auto refused = run_with({"pull", "acme/tiny"}, {{403, R"({"error":"no"})", ""}});
  CHECK(refused.code == exit_refused);
  CHECK(refused.err == "waag: no (HTTP 403)\n");
  const auto failed = run_with(
      {"pull", "acme/tiny"},
      {{202, job, ""},
       {200, "event: state\ndata: {\"id\":7,\"state\":\"failed\",\"error\":\"x\"}\n\n", ""}});
  CHECK(failed.code == exit_refused);
  CHECK(run_with({"pull", "tiny"}).code == exit_usage);
  CHECK(run_with({"pull", "a/b", "--type", "car"}).code == exit_usage);
  CHECK(run_with({"pull", "a/b"}, {{202, "{}", ""}}).code == exit_refused);
}
