#include "daemon/mirror/sync/mirror_job.h"

#include <boost/json/parse.hpp>

#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::MirrorFixture;

namespace {

struct Sync : MirrorFixture {
  Sync() {
    FakeUpstream::Repo repo;
    repo.files = {{"README.md", "---\nlicense: mit\n---\n# Tiny"},
                  {"config.json", "{}"},
                  {"sub/model.safetensors", std::string(300'000, 'w')},
                  {"model.bin", std::string(1'000, 'p')}};
    upstream.put("acme/tiny", repo);
  }
  std::string file(const std::string& path) {
    return get("/acme/tiny/resolve/main/" + path, ada).body;
  }
};

constexpr std::int64_t all_bytes = 27 + 2 + 300'000 + 1'000;

}  // namespace

TEST_CASE_METHOD(Sync, "mirror job: all files of a revision", "[daemon][mirror]") {
  begin();
  const auto row = pulled({{"repo", "acme/tiny"}});
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(row.progress.done_files == 4);
  CHECK(row.progress.total_files == 4);
  CHECK(row.progress.done_bytes == row.progress.total_bytes);
  const auto result = result_of(row);
  CHECK(result.at("files") == 4);
  CHECK(result.at("bytes") == all_bytes);
  CHECK(result.at("bytes_here") == all_bytes);
  CHECK(result.at("bytes_fetched") == all_bytes);
  CHECK(result.at("files_failed").as_array().empty());
  CHECK(result.at("commit") == "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee");
  CHECK(result.as_object().contains("history"));  // histories are off here
  const auto asked = upstream.count("/resolve/");
  CHECK(file("sub/model.safetensors") == std::string(300'000, 'w'));
  CHECK(file("config.json") == "{}");
  CHECK(upstream.count("/resolve/") == asked);

  const auto again = result_of(pulled({{"repo", "acme/tiny"}}));
  CHECK(again.at("bytes_fetched") == 0);
  CHECK(again.at("files_here") == 4);
  CHECK(upstream.count("/resolve/") == asked);
}

TEST_CASE_METHOD(Sync, "mirror job: a part of the files", "[daemon][mirror]") {
  begin();
  const auto row = pulled(
      {{"repo", "acme/tiny"}, {"include", {"*.safetensors", "*.bin"}}, {"exclude", {"model.*"}}});
  CHECK(row.state == JobState::done);
  CHECK(result_of(row).at("files") == 0);
  const auto some = pulled({{"repo", "acme/tiny"}, {"include", {"sub/", "README.md"}}});
  CHECK(result_of(some).at("files") == 2);
  CHECK(upstream.count("model.bin") == 0);
}

TEST_CASE_METHOD(Sync, "mirror job: asks for conversions of what is new", "[daemon][mirror]") {
  app->jobs->add_kind({"convert", [](JobContext&) { return ok(); }});
  begin();
  const boost::json::object spec{{"repo", "acme/tiny"}, {"convert", {"gguf:F16"}}};
  const auto repo_of = [this](const storage::JobRow& row) {
    const auto id = result_of(row).at("convert_job").as_int64();
    const auto job = ended(static_cast<std::uint64_t>(id));
    CHECK(job.kind == "convert");
    const auto made = boost::json::parse(job.spec);
    CHECK(made.at("commit") == "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee");
    CHECK(made.at("source_url").as_string() == upstream.origin() + "/acme/tiny");
    return std::string(made.at("outputs").at(0).at("repo").as_string());
  };
  auto part = spec;
  part["include"] = {"config.json"};
  CHECK(repo_of(pulled(part, "ada")) == "ada/tiny-GGUF");
  CHECK(repo_of(pulled(spec, "root")) == "acme/tiny-GGUF");  // more of it has come
  CHECK_FALSE(result_of(pulled(spec, "root")).as_object().contains("convert_job"));
}

TEST_CASE_METHOD(Sync, "mirror job: a dry run fetches no file", "[daemon][mirror]") {
  begin();
  REQUIRE(pulled({{"repo", "acme/tiny"}, {"include", {"model.bin"}}}).state == JobState::done);
  const auto asked = upstream.count("/resolve/");
  const auto result = result_of(pulled({{"repo", "acme/tiny"}, {"dry_run", true}}));
  CHECK(result.at("files") == 4);
  CHECK(result.at("bytes") == all_bytes);
  CHECK(result.at("files_here") == 1);
  CHECK(result.at("bytes_here") == 1'000);
  CHECK_FALSE(result.as_object().contains("bytes_fetched"));
  CHECK(upstream.count("/resolve/") == asked);
}

TEST_CASE_METHOD(Sync, "mirror job: one file's failure does not stop the others",
                 "[daemon][mirror]") {
  upstream.break_file("model.bin");
  begin();
  const auto spec = boost::json::object{{"repo", "acme/tiny"}};
  const auto submitted = app->jobs->submit({"mirror", spec, {"root", ""}, 0, ""});
  REQUIRE(submitted);
  const auto feed = *app->jobs->watch(submitted->id);
  // It may heal, so it is tried again later; a test does not wait for that.
  for (int i = 0; i < 2'000 && feed->row().error.empty() && !is_over(feed->row().state); ++i)
    static_cast<void>(feed->wait_over(std::chrono::milliseconds(10)));
  const auto row = feed->row();
  CHECK(row.error.find("1 of 4 files did not come: model.bin: ") == 0);
  CHECK(file("sub/model.safetensors") == std::string(300'000, 'w'));
  CHECK(row.progress.done_files == 3);
  const auto result = result_of(row);
  REQUIRE(result.at("files_failed").as_array().size() == 1);
  CHECK(result.at("files_failed").at(0).at("path") == "model.bin");
}

TEST_CASE_METHOD(Sync, "mirror job: what is not there, or not for everybody", "[daemon][mirror]") {
  FakeUpstream::Repo closed;
  closed.closed = true;
  closed.files = {{"a", "b"}};
  upstream.put("acme/closed", closed);
  begin();
  CHECK(pulled({{"repo", "acme/none"}}).state == JobState::failed);
  CHECK(pulled({{"repo", "no-slash"}}).error.find("namespace/name") != std::string::npos);
  const auto hidden = pulled({{"repo", "acme/closed"}}, "ada");
  CHECK(hidden.state == JobState::failed);
  CHECK(hidden.result.empty());
  CHECK(pulled({{"repo", "acme/closed"}}, "root").state == JobState::done);
  make_repo("own");
  CHECK(pulled({{"repo", "ada/own"}}).error.find("repo of this hub") != std::string::npos);
}

TEST_CASE_METHOD(Sync, "mirror job: the policy keeps out repos and files", "[daemon][mirror]") {
  FakeUpstream::Repo strict;
  strict.files = {{"README.md", "---\nlicense: cc-by-nc-4.0\n---\n"}, {"a.safetensors", "x"}};
  upstream.put("acme/strict", strict);
  begin(R"(
    [[rule]]
    name = "no pickle"
    action = "leave_out"
    pickle = true
    [[rule]]
    name = "no restricted licences"
    action = "deny"
    licence_classes = ["restricted"]
  )");
  const auto denied = pulled({{"repo", "acme/strict"}});
  CHECK(denied.state == JobState::failed);
  CHECK(denied.error ==
        "The mirror's policy does not let acme/strict in: rule \"no restricted licences\"");
  const auto by_reader = get("/acme/strict/resolve/main/a.safetensors", ada);
  CHECK(by_reader.status == 403);
  CHECK(by_reader.error().find("no restricted licences") != std::string::npos);
  CHECK_FALSE(store->find_repo({RepoType::model, "acme", "strict"}));

  const auto row = pulled({{"repo", "acme/tiny"}});
  CHECK(row.state == JobState::done);
  CHECK(result_of(row).at("files_left_out") == 1);
  CHECK(upstream.count("model.bin") == 0);
  CHECK(get("/acme/tiny/resolve/main/model.bin", ada).status == 403);
  CHECK(get("/acme/tiny/resolve/main/config.json", ada).body == "{}");
}
