#include "daemon/mirror/sync/mirror_job.h"

#include <boost/json/parse.hpp>

#include "daemon/mirror/schedule/schedule.h"
#include "protocol/hub/dates.h"
#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
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
  part["include"] = boost::json::array{"config.json"};
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

TEST_CASE_METHOD(Sync, "mirror job: it is not done as long as the history is missing",
                 "[daemon][mirror]") {
  app->jobs->add_kind({"convert", [](JobContext&) { return ok(); }});
  with_git = true;
  upstream.answer_git("500 Oops");
  begin();
  const boost::json::object spec{{"repo", "acme/tiny"}, {"convert", {"gguf:F16"}}};
  const auto submitted = app->jobs->submit({"mirror", spec, {"root", ""}, 0, ""});
  REQUIRE(submitted);
  const auto feed = *app->jobs->watch(submitted->id);
  for (int i = 0; i < 2'000 && feed->row().error.empty() && !is_over(feed->row().state); ++i)
    static_cast<void>(feed->wait_over(10ms));
  const auto row = feed->row();
  CHECK(row.state == JobState::queued);  // it may heal
  CHECK(row.error.find("all 4 files are here, but the history did not come: ") == 0);
  CHECK(row.progress.done_files == 4);
  CHECK(row.progress.note.find("without its history: ") == 0);
  const auto result = result_of(row);
  CHECK(result.at("files_here") == 4);
  CHECK(result.as_object().contains("history"));
  CHECK(file("sub/model.safetensors") == std::string(300'000, 'w'));

  // The upstream is found to have none: all that can come is here.
  upstream.answer_git("404 Not Found");
  REQUIRE(app->jobs->hasten(submitted->id));
  const auto over = ended(submitted->id);
  INFO(over.error);
  CHECK(over.state == JobState::done);
  CHECK(over.attempts == 2);
  CHECK(over.progress.note.find("without its history: the upstream gives no histories") == 0);
  const auto told = result_of(over);
  CHECK(told.as_object().contains("history"));
  CHECK_FALSE(told.as_object().contains("unfinished"));
  CHECK(told.at("bytes_fetched") == all_bytes);
  CHECK(told.at("convert_job") == result.at("convert_job"));  // asked for once

  const auto refs = upstream.count("info/refs");
  CHECK(pulled({{"repo", "acme/tiny"}}).state == JobState::done);
  CHECK(upstream.count("info/refs") > refs);  // each run looks whether there is one now
}

TEST_CASE_METHOD(Sync, "mirror job: no more comes than may come in all", "[daemon][mirror]") {
  config.mirror.fill_bytes_max = 300'500;  // of the two LFS files one
  begin();
  const auto row = pulled({{"repo", "acme/tiny"}});
  CHECK(row.state == JobState::failed);
  CHECK(row.error.find("mirror.fill_bytes_max") != row.error.npos);
  CHECK(result_of(row).at("files_failed").as_array().size() == 1);
  CHECK(result_of(row).at("files_here") == 3);
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

namespace {

/// Jobs of a rule.
struct Ruled : Sync {
  /// The clock stands at a fixed time, whatever it is.
  std::string clock_text(std::chrono::minutes later) const {
    const auto text = hub::format_date(clock.now() + later);
    return text.substr(text.find('T') + 1, 5);
  }
  /// From now on for half an hour.
  std::string open_window() const { return clock_text(0min) + "-" + clock_text(30min); }
  MirrorRule add(const boost::json::object& more) {
    boost::json::object from{{"name", "nightly"}, {"repos", {"acme/tiny"}}};
    for (const auto& [key, value] : more) from[key] = value;
    const auto rule = MirrorRule::make(from);
    if (!rule) FAIL(rule.error().what);
    REQUIRE(schedule().add(*rule, "root"));
    return *rule;
  }
  Schedule& schedule() { return app->mirror->schedule(); }
  std::uint64_t run() {
    const auto ran = schedule().run("nightly");
    REQUIRE(ran);
    REQUIRE(ran->last_jobs.size() == 1);
    return ran->last_jobs[0];
  }
  storage::JobRow when(std::uint64_t id, const std::function<bool(const storage::JobRow&)>& is) {
    const auto feed = *app->jobs->watch(id);
    for (int i = 0; i < 2'000; ++i) {
      if (is(feed->row())) return feed->row();
      static_cast<void>(feed->wait_over(10ms));
    }
    FAIL("job " << id << " stays as it is: " << feed->row().error);
    return {};
  }
  storage::JobRow waiting(std::uint64_t id) {
    return when(id, [](const storage::JobRow& row) {
      return row.state == JobState::queued && row.not_before.count() != 0;
    });
  }
};

}  // namespace

TEST_CASE_METHOD(Ruled, "mirror job: outside its rule's window it asks nobody",
                 "[daemon][mirror]") {
  begin();
  add({{"window", clock_text(60min) + "-" + clock_text(120min)}});
  const auto id = run();
  const auto row = waiting(id);
  const auto opens = storage::TimeMs(clock.now() + 60min);
  CHECK(row.not_before <= opens);
  CHECK(row.not_before > opens - 1min);
  CHECK(row.progress.note == "waits for its window " + clock_text(60min) + "-" +
                                 clock_text(120min) + " UTC, until " +
                                 hub::format_date(row.not_before));
  CHECK(row.error.empty());
  CHECK(row.attempts == 0);
  CHECK(upstream.count("acme/tiny") == 0);
  const auto shown = get("/api/waag/v1/mirrors/nightly", root).json();
  CHECK(shown.at("windowOpen") == false);
  CHECK(shown.at("windowOpensAt").as_string() == hub::format_date(row.not_before));
  CHECK(shown.at("lastStates").at("queued") == 1);
  // A client that reads does not wait for any window.
  CHECK(get("/acme/tiny/resolve/main/config.json", root).body == "{}");
  clock.advance(60min);
  CHECK(ended(id).state == JobState::done);
  CHECK(get("/api/waag/v1/mirrors/nightly", root).json().at("windowOpen") == true);
}

TEST_CASE_METHOD(Ruled, "mirror job: when the window closes its transfers stop, and go on later",
                 "[daemon][mirror]") {
  app->jobs->add_kind({"convert", [](JobContext&) { return ok(); }});
  begin();
  add({{"window", open_window()}, {"rate", "10K"}, {"convert", {"gguf:F16"}}});
  const auto id = run();
  const auto running = when(id, [](const storage::JobRow& row) {
    return row.state == JobState::running && row.progress.done_bytes > 30'000;
  });
  CHECK(get("/api/waag/v1/mirrors/nightly", root).json().at("rate") == 10'000);
  clock.advance(31min);
  const auto row = waiting(id);
  CHECK(row.not_before > clock.now() + 23h);
  CHECK(row.progress.done_bytes >= running.progress.done_bytes);
  CHECK(row.progress.done_bytes < row.progress.total_bytes);
  for (int i = 0; i < 2'000 && !app->mirror->fills().running().empty(); ++i)
    std::this_thread::sleep_for(1ms);
  CHECK(app->mirror->fills().running().empty());

  REQUIRE(schedule().change("nightly", {{"rate", nullptr}}));
  clock.advance(24h - 31min);
  const auto over = ended(id);
  INFO(over.error);
  REQUIRE(over.state == JobState::done);
  CHECK(over.attempts == 1);
  CHECK(over.progress.done_files == 4);
  const auto result = result_of(over);
  // Nothing came twice, but for what was on the wire when it was stopped.
  CHECK(result.at("bytes_fetched").as_int64() >= all_bytes);
  CHECK(result.at("bytes_fetched").as_int64() < all_bytes + 100'000);
  CHECK_FALSE(result.as_object().contains("unfinished"));
  CHECK(result.as_object().contains("convert_job"));  // the commit is new to the job still
  CHECK(file("sub/model.safetensors") == std::string(300'000, 'w'));
}

TEST_CASE_METHOD(Ruled, "mirror job: its history, too, ends with the window and comes in the next",
                 "[daemon][mirror]") {
  with_git = true;
  upstream.answer_git("200 OK");
  begin();
  add({{"window", open_window()}, {"rate", "10M"}});
  const auto id = run();
  const auto asked = [this] { return upstream.count("/git-upload-pack"); };
  when(id, [&](const storage::JobRow&) { return asked() > 0; });
  CHECK(upstream.count("info/refs") == 1);  // not in the background as well
  clock.advance(31min);
  const auto row = waiting(id);
  CHECK(row.not_before > clock.now() + 23h);
  CHECK(row.progress.note.find("waits for its window ") == 0);
  CHECK(row.error.empty());
  CHECK(row.attempts == 0);
  CHECK(row.progress.done_files == 4);
  CHECK(result_of(row).as_object().contains("unfinished"));

  upstream.answer_git("404 Not Found");
  clock.advance(24h - 31min);
  const auto over = ended(id);
  INFO(over.error);
  CHECK(over.state == JobState::done);
  CHECK(over.attempts == 1);
  CHECK(asked() == 1);
  CHECK(result_of(over).at("bytes_fetched") == all_bytes);
  CHECK_FALSE(result_of(over).as_object().contains("unfinished"));
}

TEST_CASE_METHOD(Ruled, "mirror job: a reader does not wait for the rule's rate",
                 "[daemon][mirror]") {
  begin();
  add({{"rate", "10K"}});
  const auto id = run();
  when(id, [](const storage::JobRow& row) { return row.progress.done_bytes > 20'000; });
  const auto start = std::chrono::steady_clock::now();
  CHECK(file("sub/model.safetensors") == std::string(300'000, 'w'));
  CHECK(file("model.bin") == std::string(1'000, 'p'));
  // By the rate it would take half a minute.
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(ended(id).state == JobState::done);
}

TEST_CASE_METHOD(Ruled, "mirror job: a changed window counts at once, the end of the rule too",
                 "[daemon][mirror]") {
  begin();
  add({{"window", clock_text(60min) + "-" + clock_text(120min)}});
  const auto id = run();
  waiting(id);
  REQUIRE(schedule().change("nightly", {{"window", clock_text(90min) + "-" + clock_text(120min)}}));
  when(id, [&](const storage::JobRow& row) {
    return row.state == JobState::queued && row.not_before > clock.now() + 80min;
  });
  REQUIRE(schedule().change("nightly", {{"window", ""}}));
  CHECK(ended(id).state == JobState::done);

  REQUIRE(schedule().change("nightly", {{"window", clock_text(60min) + "-" + clock_text(61min)}}));
  const auto next = run();
  CHECK(next != id);
  waiting(next);
  REQUIRE(schedule().remove("nightly"));
  CHECK(ended(next).state == JobState::cancelled);
  const auto orphan = pulled({{"repo", "acme/tiny"}, {"rule", "nightly"}});
  CHECK(orphan.state == JobState::failed);
  CHECK(orphan.error == "the mirror nightly is not there any more");
}
