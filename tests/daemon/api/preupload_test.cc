#include <set>

#include <boost/json/object.hpp>

#include "protocol/base64.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

std::string row(const std::string& path, const std::string& sample, std::uint64_t size) {
  return R"({"path":")" + path + R"(","sample":")" + encode_base64(sample) + R"(","size":)" +
         std::to_string(size) + "}";
}

std::string body(const std::string& rows) { return R"({"files":[)" + rows + "]}"; }

}  // namespace

TEST_CASE("preupload: modes, ids of what is there, ignored files", "[daemon][preupload]") {
  HubFixture hub;
  hub.make_repo("tiny");
  hub.upload("ada/tiny", "weights");
  const auto id = hub.committed("ada/tiny", HubFixture::file_line("README.md", "hello") +
                                                HubFixture::lfs_line("m.safetensors", "weights") +
                                                HubFixture::file_line(".gitignore", "*.tmp\\n"));
  const auto reply =
      hub.post("/api/models/ada/tiny/preupload/main", hub.ada,
               body(row("README.md", "hello", 5) + "," + row("m.safetensors", "weights", 7) + "," +
                    row("big.txt", "text", 20'000'000) + "," +
                    row("bin.dat", std::string("\0\1", 2), 2) + "," + row("x.tmp", "x", 1)));
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  const auto json = reply.json();
  CHECK(json.at("commitOid").as_string() == id);
  std::map<std::string, boost::json::object> rows;
  for (const auto& file : json.at("files").as_array())
    rows[std::string(file.at("path").as_string())] = file.as_object();
  REQUIRE(rows.size() == 5);
  for (const auto& [path, file] : rows) CHECK(file.at("shouldIgnore") == (path == "x.tmp"));
  CHECK(rows["README.md"].at("uploadMode") == "regular");
  // printf hello | git hash-object --stdin
  CHECK(rows["README.md"].at("oid") == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
  CHECK(rows["m.safetensors"].at("uploadMode") == "lfs");
  CHECK(rows["m.safetensors"].at("oid").as_string() == HubFixture::oid("weights").hex());
  CHECK(rows["big.txt"].at("uploadMode") == "lfs");
  CHECK(rows["bin.dat"].at("uploadMode") == "lfs");
  CHECK_FALSE(rows["big.txt"].contains("oid"));
}

TEST_CASE("preupload: of damaged files no id is told, so that they come again",
          "[daemon][preupload]") {
  HubFixture hub;
  hub.make_repo("tiny");
  hub.upload("ada/tiny", "weights");
  const auto lines = HubFixture::file_line("README.md", "hello") +
                     HubFixture::file_line("whole.txt", "whole") +
                     HubFixture::lfs_line("m.safetensors", "weights");
  hub.committed("ada/tiny", lines);
  const auto ids_told = [&hub] {
    const auto reply =
        hub.post("/api/models/ada/tiny/preupload/main", hub.ada,
                 body(row("README.md", "hello", 5) + "," + row("m.safetensors", "weights", 7) +
                      "," + row("whole.txt", "whole", 5)));
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    std::set<std::string> paths;
    for (const auto& file : reply.json().at("files").as_array())
      if (file.as_object().contains("oid")) paths.insert(std::string(file.at("path").as_string()));
    return paths;
  };
  CHECK(ids_told() == std::set<std::string>{"README.md", "m.safetensors", "whole.txt"});
  hub.note_damage("hello");
  hub.note_damage("weights");
  CHECK(ids_told() == std::set<std::string>{"whole.txt"});
  hub.upload("ada/tiny", "weights");
  hub.committed("ada/tiny", lines);
  CHECK(ids_told() == std::set<std::string>{"README.md", "m.safetensors", "whole.txt"});
}

TEST_CASE("preupload: who may ask, and bad input", "[daemon][preupload]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const std::string target = "/api/models/ada/tiny/preupload/main";
  const auto good = body(row("a", "x", 1));
  CHECK(hub.post(target, "", good).status == 401);
  CHECK(hub.post(target, hub.bob, good).status == 403);
  CHECK(hub.post(target + "?create_pr=1", hub.bob, good).status == 200);
  CHECK(hub.post(target, hub.ada_read, good).status == 403);
  CHECK(hub.post("/api/models/ada/none/preupload/main", hub.ada, good).header("X-Error-Code") ==
        "RepoNotFound");
  CHECK(hub.post("/api/models/ada/tiny/preupload/nope", hub.ada, good).header("X-Error-Code") ==
        "RevisionNotFound");
  CHECK(hub.post(target, hub.ada, "{").status == 400);
  CHECK(hub.post(target, hub.ada, body(row("../x", "", 1))).status == 422);
}
