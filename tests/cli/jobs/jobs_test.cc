#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const std::string running =
    R"({"id":12,"kind":"mirror","state":"running","priority":0,"spec":{"repo":"a/b"},)"
    R"("user":"ada","createdAt":"2026-09-21T14:13:20.000Z","attempts":1,)"
    R"("progress":{"doneBytes":512,"totalBytes":1024,"doneFiles":0,"totalFiles":2}})";
const std::string failed =
    R"({"id":11,"kind":"mirror","state":"failed","spec":{},"user":"bob",)"
    R"("createdAt":"2026-09-21T14:13:19.000Z","attempts":5,"error":"no answer",)"
    R"("progress":{"doneBytes":0,"totalBytes":0,"doneFiles":0,"totalFiles":0}})";

}  // namespace

TEST_CASE("cli: jobs ls", "[cli][jobs]") {
  const HttpReply both{200, "[" + running + "," + failed + "]", ""};
  const auto shown = run_with({"jobs", "ls"}, {both});
  CHECK(shown.code == exit_ok);
  CHECK(shown.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/jobs?limit=50");
  CHECK(
      shown.out ==
      "ID  KIND    STATE    USER  CREATED                   PROGRESS\n"
      "12  mirror  running  ada   2026-09-21T14:13:20.000Z  50%  512 B of 1.00 KiB  0 of 2 files\n"
      "11  mirror  failed   bob   2026-09-21T14:13:19.000Z  no answer\n");
  const auto some =
      run_with({"--json", "jobs", "ls", "--state", "failed", "--kind", "mirror"}, {both});
  CHECK(some.seen.at(0).url.ends_with("/jobs?limit=50&state=failed&kind=mirror"));
  CHECK(some.out.starts_with(R"([{"id":12,)"));
  CHECK(run_with({"jobs", "ls"}, {{200, "[]", ""}}).out.empty());
  CHECK(run_with({"jobs", "ls"}, {{401, R"({"error":"who?"})", ""}}).code == exit_refused);
}

TEST_CASE("cli: jobs show", "[cli][jobs]") {
  const auto shown = run_with({"jobs", "show", "12"}, {{200, running, ""}});
  CHECK(shown.code == exit_ok);
  CHECK(shown.seen.at(0).url.ends_with("/api/waag/v1/jobs/12"));
  CHECK(shown.out.find("state       running\n") != std::string::npos);
  CHECK(shown.out.find("progress    50%  512 B of 1.00 KiB  0 of 2 files\n") != std::string::npos);
  CHECK(run_with({"--json", "jobs", "show", "12"}, {{200, running, ""}}).out == running + "\n");
  CHECK(run_with({"jobs", "show", "12"}, {{404, R"({"error":"No such job"})", ""}}).err ==
        "waag: No such job (HTTP 404)\n");
}

TEST_CASE("cli: jobs cancel", "[cli][jobs]") {
  const auto soon = run_with({"jobs", "cancel", "12"}, {{200, running, ""}});
  CHECK(soon.seen.at(0).method == "DELETE");
  CHECK(soon.seen.at(0).url.ends_with("/api/waag/v1/jobs/12"));
  CHECK(soon.out == "job 12 is told to stop\n");
  CHECK(run_with({"jobs", "cancel", "11"}, {{200, R"({"state":"cancelled"})", ""}}).out ==
        "job 11 is cancelled\n");
  CHECK(run_with({"jobs", "cancel", "12"}, {{403, "{}", ""}}).code == exit_refused);
}

TEST_CASE("cli: wrong command lines of jobs ask nothing", "[cli][jobs]") {
  const auto args =
      GENERATE(std::vector<std::string>{"jobs"}, std::vector<std::string>{"jobs", "show"},
               std::vector<std::string>{"jobs", "watch", "first"},
               std::vector<std::string>{"jobs", "cancel", "-1"},
               std::vector<std::string>{"jobs", "ls", "--state", "odd"});
  const auto ran = run_with(args);
  CHECK(ran.code == exit_usage);
  CHECK(ran.seen.empty());
}
