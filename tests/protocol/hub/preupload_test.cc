#include "protocol/hub/preupload.h"

#include <catch2/catch.hpp>

#include "protocol/base64.h"
#include "protocol/hub/path_rules.h"

using namespace waag;
using namespace waag::hub;

namespace {

UploadMode mode(const std::string& path, const std::string& sample, std::uint64_t size,
                const std::string& attributes = "") {
  PreuploadRequest request;
  request.files.push_back({path, sample, size});
  const auto rows = plan_preupload(request, attributes, "");
  REQUIRE(rows);
  return rows->at(0).mode;
}

}  // namespace

TEST_CASE("preupload: a request is read", "[protocol][preupload]") {
  const auto request =
      parse_preupload(R"({"files":[{"path":"a/b.bin","sample":"AAE=","size":5},)"
                      R"({"path":"c","size":0,"sample":"","x":1}],)"
                      R"("gitAttributes":"*.x filter=lfs","gitIgnore":null,"later":{}})");
  REQUIRE(request);
  REQUIRE(request->files.size() == 2);
  CHECK(request->files[0].path == "a/b.bin");
  CHECK(request->files[0].sample == std::string("\0\1", 2));
  CHECK(request->files[0].size_bytes == 5);
  CHECK(request->git_attributes == "*.x filter=lfs");
  CHECK_FALSE(request->git_ignore);
}

TEST_CASE("preupload: malformed requests", "[protocol][preupload]") {
  const auto body =
      GENERATE("", "[]", "{}", R"({"files":{}})", R"({"files":[1]})", R"({"files":[{}]})",
               R"({"files":[{"path":1}]})", R"({"files":[{"path":"../a"}]})",
               R"({"files":[{"path":"a","size":-1}]})", R"({"files":[{"path":"a","size":"1"}]})",
               R"({"files":[{"path":"a","sample":"!"}]})", R"({"files":[],"gitIgnore":1})");
  CAPTURE(body);
  CHECK_FALSE(parse_preupload(body));
  std::string many = R"({"files":[{"path":"a"})";
  for (std::size_t i = 0; i < preupload_files_max; ++i) many += R"(,{"path":"a"})";
  CHECK(parse_preupload(many + "]}").error().code == Errc::too_large);
}

TEST_CASE("preupload: the order of the rules", "[protocol][preupload]") {
  const std::string binary("a\0b", 3);
  CHECK(mode("a.txt", "text", 4) == UploadMode::regular);
  CHECK(mode("a.txt", binary, 3) == UploadMode::lfs);
  CHECK(mode("a.txt", "\xFF\xFE", 2) == UploadMode::lfs);
  CHECK(mode("a.txt", "text", regular_file_bytes_max) == UploadMode::regular);
  CHECK(mode("a.txt", "text", regular_file_bytes_max + 1) == UploadMode::lfs);
  CHECK(mode("a.bin", "text", 4, "*.bin filter=lfs") == UploadMode::lfs);
  CHECK(mode("a.bin", "text", 4, "*.bin filter=lfs\na.bin -filter") == UploadMode::regular);
  CHECK(mode("a.bin", "", 0, "*.bin filter=lfs") == UploadMode::regular);
  for (const auto* path : {"model.safetensors", "x/y.gguf", "a.tar.gz", "events.out.tfevents.1",
                           "saved_model/v/x", "w.lfs.old"}) {
    CAPTURE(path);
    CHECK(mode(path, "text", 4, default_gitattributes(RepoType::model)) == UploadMode::lfs);
  }
  CHECK(mode("a.png", "text", 4, default_gitattributes(RepoType::model)) == UploadMode::regular);
  CHECK(mode("a.png", "text", 4, default_gitattributes(RepoType::dataset)) == UploadMode::lfs);
  CHECK(mode("README.md", "text", 4, default_gitattributes(RepoType::dataset)) ==
        UploadMode::regular);
}

TEST_CASE("preupload: samples cut inside a character are text", "[protocol][preupload]") {
  const std::string text = "caf\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x98\x80";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(is_text_sample(text.substr(0, cut), text.size()));
  }
  CHECK(is_text_sample(text, text.size()));
  CHECK_FALSE(is_text_sample("caf\xC3", 4));  // the whole file ends inside a character
  CHECK_FALSE(
      is_text_sample("\xC3"
                     "a",
                     100));
}

TEST_CASE("preupload: the request's own rules win", "[protocol][preupload]") {
  PreuploadRequest request;
  request.files.push_back({"a.x", "t", 1});
  request.files.push_back({"tmp/a.y", "t", 1});
  request.git_attributes = "*.x filter=lfs";
  request.git_ignore = "tmp/";
  const auto rows = plan_preupload(request, "*.y filter=lfs", "*.x");
  REQUIRE(rows);
  CHECK(rows->at(0).mode == UploadMode::lfs);
  CHECK_FALSE(rows->at(0).should_ignore);
  CHECK(rows->at(1).mode == UploadMode::regular);
  CHECK(rows->at(1).should_ignore);
}

TEST_CASE("preupload: rules that are too costly are refused", "[protocol][preupload]") {
  PreuploadRequest request;
  for (int i = 0; i < 256; ++i) request.files.push_back({std::string(1000, 'a'), "t", 1});
  std::string rules;
  while (rules.size() < path_rules_bytes_max / 2) rules += std::string(100, '?') + "* filter=lfs\n";
  CHECK(plan_preupload(request, rules, "").error().code == Errc::invalid_argument);
  CHECK_FALSE(plan_preupload(request, "", rules));
  CHECK_FALSE(plan_preupload(request, std::string(path_rules_bytes_max + 1, '#'), ""));
  std::string literals;
  for (int i = 0; i < 10'000; ++i)
    literals += "weights/part-" + std::to_string(i) + ".dat filter=lfs diff=lfs merge=lfs -text\n";
  CHECK(plan_preupload(request, literals, ""));
}

TEST_CASE("preupload: the reply", "[protocol][preupload]") {
  std::vector<PreuploadRow> rows(2);
  rows[0] = {"m.bin", UploadMode::lfs, false, std::nullopt};
  rows[1] = {"README.md", UploadMode::regular, true, "83ab"};
  CHECK(preupload_reply(rows, "5be1") ==
        R"({"files":[{"path":"m.bin","uploadMode":"lfs","shouldIgnore":false},)"
        R"({"path":"README.md","uploadMode":"regular","shouldIgnore":true,"oid":"83ab"}],)"
        R"("commitOid":"5be1"})");
  CHECK(preupload_reply({}, "") == R"({"files":[]})");
}
