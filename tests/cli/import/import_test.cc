#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"
#include "tests/cli/import/cache_fixture.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::CacheFixture;
using waag::cli::testing::run_with;

namespace {

struct Import : CacheFixture {
  Import() {
    cached("models--acme--tiny", {{"config.json", "{}"}, {"model.safetensors", "weights"}});
  }
  static std::string plan(const std::string& config_oid = "") {
    return R"({"files":[{"path":"config.json","uploadMode":"regular")" +
           (config_oid.empty() ? "" : R"(,"oid":")" + config_oid + "\"") +
           R"(},{"path":"model.safetensors","uploadMode":"lfs"}]})";
  }
  std::string at() const { return folder.path().string(); }
  const std::string oid = sha256(as_bytes("weights")).hex();
  const std::string batch =
      R"({"objects":[{"oid":"x","actions":{"upload":{"href":"http://files/put?s=1",)"
      R"("header":{"X-A":"b"}}}}]})";
};

}  // namespace

TEST_CASE_METHOD(Import, "import: a cache's repo to the hub", "[cli][import]") {
  const auto ran = run_with({"--token", "hf_t", "import", "--hf-cache", at(), "--repo", "acme/tiny",
                             "--namespace", "ada", "--private"},
                            {{200, R"({"url":"x"})", ""},
                             {200, plan(), ""},
                             {200, batch, ""},
                             {200, "", ""},
                             {200, R"({"commitOid":"c"})", ""}});
  INFO(ran.err);
  CHECK(ran.code == exit_ok);
  REQUIRE(ran.seen.size() == 5);
  CHECK(ran.seen[0].body ==
        R"({"type":"model","organization":"ada","name":"tiny","visibility":"private"})");
  CHECK(ran.seen[1].url.ends_with("/api/models/ada/tiny/preupload/main"));
  CHECK(ran.seen[1].body == R"({"files":[{"path":"config.json","sample":"e30=","size":2},)"
                            R"({"path":"model.safetensors","sample":"d2VpZ2h0cw==","size":7}]})");
  CHECK(ran.seen[2].url.ends_with("/ada/tiny.git/info/lfs/objects/batch"));
  CHECK(ran.seen[2].body.find(R"({"oid":")" + oid + R"(","size":7})") != std::string::npos);
  CHECK(ran.seen[3].method == "PUT");
  CHECK(ran.seen[3].url == "http://files/put?s=1");
  CHECK(ran.seen[3].token.empty());  // it may be another host
  CHECK(ran.seen[3].body.empty());
  CHECK(ran.seen[3].file.find("model.safetensors") != std::string::npos);
  CHECK(ran.seen[3].headers.back() == std::pair<std::string, std::string>("X-A", "b"));
  CHECK(ran.seen[4].url.ends_with("/api/models/ada/tiny/commit/main"));
  CHECK(ran.seen[4].content_type == "application/x-ndjson");
  CHECK(
      ran.seen[4].body ==
      R"({"key":"header","value":{"summary":"Import revision )" + commit +
          R"(","description":""}})" + "\n" +
          R"({"key":"file","value":{"path":"config.json","encoding":"base64","content":"e30="}})" +
          "\n" + R"({"key":"lfsFile","value":{"path":"model.safetensors","algo":"sha256","oid":")" +
          oid + R"(","size":7}})" + "\n");
  CHECK(ran.out.ends_with("model ada/tiny: 2 of 2 files uploaded, 9 B\n"));
}

TEST_CASE_METHOD(Import, "import: what is there is not sent again", "[cli][import]") {
  const auto present = git::blob_id(as_bytes("{}")).hex();
  const auto ran =
      run_with({"--json", "import", "--hf-cache", at()}, {{409, R"({"error":"exists"})", ""},
                                                          {200, plan(present), ""},
                                                          {200, R"({"objects":[{"oid":"x"}]})", ""},
                                                          {200, "{}", ""}});
  INFO(ran.err);
  CHECK(ran.code == exit_ok);
  REQUIRE(ran.seen.size() == 4);
  CHECK(ran.seen[3].body.find("config.json") == std::string::npos);
  CHECK(ran.out.find(R"("uploaded_files":1)") != std::string::npos);
  CHECK(ran.out.find(R"("commits":1)") != std::string::npos);
}

TEST_CASE_METHOD(Import, "import: a damaged cache is not uploaded", "[cli][import]") {
  write("models--acme--tiny/blobs/" + oid, "Weights");
  const auto ran = run_with({"import", "--hf-cache", at()});
  CHECK(ran.code == exit_refused);
  CHECK(ran.seen.empty());
  CHECK(ran.err.find("model.safetensors is damaged") != std::string::npos);
}

TEST_CASE_METHOD(Import, "import: a folder to the hub", "[cli][import]") {
  write("plain/notes.txt", "hi");
  const auto path = (folder.path() / "plain").string();
  const auto dry =
      run_with({"import", path, "--repo", "ada/rows", "--type", "dataset", "--dry-run"});
  CHECK(dry.seen.empty());
  CHECK(dry.out == "dataset ada/rows: 1 files, 2 B\n");
  const auto ran =
      run_with({"import", path, "--repo", "ada/rows", "--type", "dataset"},
               {{200, "{}", ""},
                {200, R"({"files":[{"path":"notes.txt","uploadMode":"regular"}]})", ""},
                {200, "{}", ""}});
  CHECK(ran.code == exit_ok);
  CHECK(ran.seen.at(2).url.ends_with("/api/datasets/ada/rows/commit/main"));
  CHECK(ran.seen.at(2).body.find("Import files") != std::string::npos);
}

TEST_CASE_METHOD(Import, "import: how it fails", "[cli][import]") {
  CHECK(run_with({"import"}).code == exit_usage);
  CHECK(run_with({"import", at()}).code == exit_usage);
  CHECK(run_with({"import", at(), "--repo", "x"}).code == exit_usage);
  CHECK(run_with({"import", at() + "/none", "--repo", "a/b"}).code == exit_refused);
  CHECK(run_with({"import", "--hf-cache", at(), "--repo", "acme/other"}).code == exit_refused);
  CHECK(run_with({"import", "--hf-cache", at()}).code == exit_unreachable);
  const auto refused = run_with({"import", "--hf-cache", at()}, {{403, R"({"error":"no"})", ""}});
  CHECK(refused.code == exit_refused);
  CHECK(refused.err == "waag: acme/tiny: no (HTTP 403)\n");
  const auto other =
      run_with({"import", "--hf-cache", at()}, {{200, "{}", ""}, {200, R"({"files":[]})", ""}});
  CHECK(other.code == exit_refused);
}
