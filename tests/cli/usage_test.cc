#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

TEST_CASE("cli: stats", "[cli][usage]") {
  const HttpReply all{200,
                      R"({"version":"1","user":"root","repos":3,"blobs":7,"packs":2,)"
                      R"("logicalBytes":3221225472,"packBytes":1610612736,"freeBytes":1073741824})",
                      ""};
  const auto shown = run_with({"stats"}, {all});
  CHECK(shown.code == exit_ok);
  CHECK(shown.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/status");
  CHECK(shown.out ==
        "repos    3\nblobs    7\nlogical  3.00 GiB\nstored   1.50 GiB\nratio    2.00\n"
        "free     1.00 GiB\n");
  CHECK(run_with({"--json", "stats"}, {all}).out.starts_with(R"({"version":"1")"));

  const HttpReply little{200, R"({"version":"1","user":"ada"})", ""};
  const auto refused = run_with({"stats"}, {little});
  CHECK(refused.code == exit_refused);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("auditors") != std::string::npos);

  const HttpReply empty{200, R"({"repos":0,"blobs":0,"logicalBytes":0,"packBytes":0})", ""};
  CHECK(run_with({"stats"}, {empty}).out == "repos    0\nblobs    0\nlogical  0 B\nstored   0 B\n");
}

TEST_CASE("cli: repo du", "[cli][usage]") {
  SECTION("logical, physical and shared") {
    const std::string text =
        R"({"id":"a/b","files":2,"logicalBytes":3145728,"uniqueBytes":2097152,)"
        R"("physicalBytes":1048576,"sharedBytes":524288})";
    const auto shown = run_with({"repo", "du", "a/b", "--type", "dataset"}, {{200, text, ""}});
    CHECK(shown.code == exit_ok);
    CHECK(shown.seen.at(0).url ==
          "http://127.0.0.1:8080/api/waag/v1/repos/datasets/a/b/usage?shared=true");
    CHECK(shown.out ==
          "files     2\nlogical   3.00 MiB\nphysical  1.00 MiB\nshared    512 KiB\n"
          "ratio     3.00\n");
    CHECK(run_with({"--json", "repo", "du", "a/b"}, {{200, text, ""}}).out == text + "\n");
  }
  SECTION("who may only read sees no shared bytes; nothing has no ratio") {
    const HttpReply reply{200, R"({"files":0,"logicalBytes":0,"physicalBytes":0})", ""};
    CHECK(run_with({"repo", "du", "a/b"}, {reply}).out ==
          "files     0\nlogical   0 B\nphysical  0 B\n");
    CHECK(run_with({"repo", "du", "a/b"}, {{404, R"({"error":"gone"})", ""}}).code == exit_refused);
    CHECK(run_with({"repo", "du", "b"}).code == exit_usage);
  }
  SECTION("of one revision: all its files") {
    const HttpReply reply{200, R"({"path":"/","size":1610612736})", ""};
    const auto ran = run_with({"repo", "du", "a/b", "--revision", "feat/x"}, {reply});
    CHECK(ran.out == "1.50 GiB  a/b\n");
    CHECK(ran.seen.at(0).url.ends_with("/api/models/a/b/treesize/feat%2Fx"));
  }
}
