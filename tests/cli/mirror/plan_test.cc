#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

TEST_CASE("mirror: a plan of what there is to bring", "[cli][mirror]") {
  const auto done = [](int id) {
    return "event: state\ndata: {\"id\":" + std::to_string(id) + ",\"state\":\"done\"}\n\n";
  };
  const auto ran = run_with(
      {"mirror", "run", "nightly", "--dry-run"},
      {{200, R"({"name":"nightly","dryRun":true,"jobs":[7,8],"error":"acme/*: down"})", ""},
       {200, done(7), ""},
       {200,
        R"({"id":7,"spec":{"repo":"acme/a","revision":"main"},"result":{"files":3,"bytes":4096,)"
        R"("bytes_here":1024,"bytes_here_by_chunk":2048}})",
        ""},
       {200, done(8), ""},
       {200,
        R"({"id":8,"spec":{"repo":"acme/b","revision":"v1"},"result":{"files":1,"bytes":1024,)"
        R"("bytes_here":0}})",
        ""}});
  CHECK(ran.code == exit_refused);
  CHECK(ran.err == "waag: acme/*: down\n");
  CHECK(ran.seen.at(0).body == R"({"dry_run":true})");
  CHECK(ran.seen.at(2).url == "http://127.0.0.1:8080/api/waag/v1/jobs/7");
  CHECK(ran.out ==
        "job 7 done\n"
        "job 8 done\n"
        "REPO    REVISION  FILES  BYTES     HERE      BY CHUNK  TO COME\n"
        "acme/a  main      3      4.00 KiB  1.00 KiB  2.00 KiB  1.00 KiB\n"
        "acme/b  v1        1      1.00 KiB  0 B       0 B       1.00 KiB\n"
        "all               4      5.00 KiB  1.00 KiB  2.00 KiB  2.00 KiB\n");
}

TEST_CASE("mirror: a plan whose job fails, or without jobs", "[cli][mirror]") {
  const std::vector<std::string> command{"mirror", "run", "nightly", "--dry-run"};
  const auto failed = run_with(
      command,
      {{200, R"({"jobs":[7]})", ""},
       {200, "event: state\ndata: {\"id\":7,\"state\":\"failed\",\"error\":\"x\"}\n\n", ""},
       {200, R"({"id":7,"spec":{"repo":"acme/a"},"state":"failed"})", ""}});
  CHECK(failed.code == exit_refused);
  CHECK(failed.out.empty());
  CHECK(run_with(command, {{200, "{}", ""}}).err == "waag: the hub gave no jobs\n");
  CHECK(run_with(command, {{200, R"({"jobs":[]})", ""}}).code == exit_ok);
}
