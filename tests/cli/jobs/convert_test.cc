#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const std::string job = R"({"id":7,"kind":"convert","state":"queued"})";
const std::string done = "event: state\ndata: {\"id\":7,\"state\":\"done\"}\n\n";

}  // namespace

TEST_CASE("convert: submits, follows, and tells where it is", "[cli][convert]") {
  const auto ran = run_with(
      {"convert", "acme/tiny@v1", "--to", "gguf:Q4_K_M,gguf:Q8_0", "--to", "safetensors:int8",
       "--name", "ada/small", "--imatrix", "imatrix.dat", "--allow-requantize", "--follow"},
      {{202, job, ""},
       {200, done, ""},
       {200,
        R"({"id":7,"result":{"published":[{"repo":"ada/small-GGUF","commit":"abc",)"
        R"("files":2,"bytes":2048}]}})",
        ""}});
  CHECK(ran.code == exit_ok);
  REQUIRE(ran.seen.size() == 3);
  CHECK(ran.seen[0].url == "http://127.0.0.1:8080/api/waag/v1/convert");
  CHECK(ran.seen[0].body ==
        R"({"source":"acme/tiny","revision":"v1","targets":["gguf:Q4_K_M","gguf:Q8_0",)"
        R"("safetensors:int8"],"name":"ada/small","imatrix":"imatrix.dat",)"
        R"("allow_requantize":true})");
  CHECK(ran.seen[1].url == "http://127.0.0.1:8080/api/waag/v1/jobs/7/events");
  CHECK(ran.out == "job 7 done\nada/small-GGUF at abc: 2 files, 2.00 KiB\n");
}

TEST_CASE("convert: without following", "[cli][convert]") {
  const auto ran =
      run_with({"convert", "acme/tiny", "--to", "gguf:F16", "--detach"}, {{202, job, ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.seen.at(0).body == R"({"source":"acme/tiny","targets":["gguf:F16"]})");
  CHECK(ran.out == "job 7: waag jobs watch 7\n");
  for (const std::string flag : {"--validate", "--no-validate"}) {
    const auto told =
        run_with({"convert", "acme/tiny", "--to", "gguf:F16", "--detach", flag}, {{202, job, ""}});
    CHECK(told.seen.at(0).body == R"({"source":"acme/tiny","targets":["gguf:F16"],"validate":)" +
                                      std::string(flag == "--validate" ? "true}" : "false}"));
  }
  const auto json = run_with({"--json", "convert", "acme/tiny", "--to", "gguf:F16", "--detach"},
                             {{202, job, ""}});
  CHECK(json.out.find(R"("id":7)") != std::string::npos);
}

TEST_CASE("convert: how it fails", "[cli][convert]") {
  const auto refused =
      run_with({"convert", "acme/tiny", "--to", "gguf:Q9"}, {{400, R"({"error":"no"})", ""}});
  CHECK(refused.code == exit_refused);
  CHECK(refused.err == "waag: no (HTTP 400)\n");
  const auto failed = run_with(
      {"convert", "acme/tiny", "--to", "gguf:F16"},
      {{202, job, ""},
       {200, "event: state\ndata: {\"id\":7,\"state\":\"failed\",\"error\":\"x\"}\n\n", ""}});
  CHECK(failed.code == exit_refused);
  CHECK(run_with({"convert", "acme/tiny"}).code == exit_usage);
  CHECK(run_with({"convert", "tiny", "--to", "gguf:F16"}).code == exit_usage);
  CHECK(run_with({"convert", "a/b", "--to", "gguf:F16", "--follow", "--detach"}).code ==
        exit_usage);
  CHECK(run_with({"convert", "a/b", "--to", "gguf:F16", "--validate", "--no-validate"}).code ==
        exit_usage);
  CHECK(run_with({"convert", "a/b", "--to", "gguf:F16"}, {{202, "{}", ""}}).code == exit_refused);
}
