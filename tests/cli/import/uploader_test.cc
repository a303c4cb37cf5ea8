#include "cli/import/uploader.h"

#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"
#include "tests/cli/import/cache_fixture.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::CacheFixture;
using waag::cli::testing::FakeHttp;

namespace {

/// Answers as a hub does, whatever is uploaded.
class HubHttp final : public Http {
 public:
  std::vector<HttpRequest> commits;
  std::size_t plans = 0;

  Result<HttpReply> send(const HttpRequest& request) override {
    if (request.url.ends_with("/preupload/main")) return plan(request);
    if (request.url.ends_with("/commit/main")) commits.push_back(request);
    return HttpReply{200, "{}", ""};
  }
  Result<HttpReply> stream(const HttpRequest&, const Take&) override { return HttpReply{}; }

 private:
  /// Every file is a regular one.
  Result<HttpReply> plan(const HttpRequest& request) {
    ++plans;
    std::string rows;
    const std::string key = R"("path":")";
    for (auto at = request.body.find(key); at != std::string::npos;
         at = request.body.find(key, at + 1)) {
      const auto from = at + key.size();
      const auto path = request.body.substr(from, request.body.find('"', from) - from);
      rows += (rows.empty() ? "" : ",") + (R"({"path":")" + path + R"(","uploadMode":"regular"})");
    }
    return HttpReply{200, R"({"files":[)" + rows + "]}", ""};
  }
};

std::size_t lines_of(const HttpRequest& request) {
  return static_cast<std::size_t>(std::ranges::count(request.body, '\n'));
}

}  // namespace

TEST_CASE_METHOD(CacheFixture, "uploader: pages and commits of bounded size", "[cli][import]") {
  for (int i = 0; i < 600; ++i) write("f" + std::to_string(i), "x");
  for (int i = 0; i < 3; ++i) write("large" + std::to_string(i), std::string(6u << 20, 'y'));
  const auto source = folder_source(folder.path());
  REQUIRE(source);
  HubHttp http;
  std::ostringstream out, err;
  std::istringstream in;
  const World world{http, out, err, in, [](const std::string&) { return std::nullopt; }};
  Context context{world, Hub(http, "http://h", "t"), false};
  Uploader uploader(context, {"ada", "tiny", "model"}, false);
  const auto problem = uploader.upload(*source);
  CHECK_FALSE(problem);
  CHECK(http.plans == 3);
  CHECK(uploader.outcome().uploaded == 603);
  // Two of the large ones are more than one commit holds.
  REQUIRE(http.commits.size() == 3);
  CHECK(uploader.outcome().commits == 3);
  std::size_t lines = 0;
  for (const auto& one : http.commits) {
    CHECK(one.body.size() <= (16u << 20) + 1'000);
    lines += lines_of(one) - 1;
  }
  CHECK(lines == 603);
}

TEST_CASE_METHOD(CacheFixture, "uploader: a regular file beyond the hub's limit", "[cli][import]") {
  write("large", std::string(10'000'001, 'y'));
  const auto source = folder_source(folder.path());
  REQUIRE(source);
  HubHttp http;
  std::ostringstream out, err;
  std::istringstream in;
  const World world{http, out, err, in, [](const std::string&) { return std::nullopt; }};
  Context context{world, Hub(http, "http://h", "t"), false};
  Uploader uploader(context, {"ada", "tiny", "model"}, false);
  const auto problem = uploader.upload(*source);
  REQUIRE(problem);
  CHECK(problem->text.find("too large") != std::string::npos);
  CHECK(http.commits.empty());
}
