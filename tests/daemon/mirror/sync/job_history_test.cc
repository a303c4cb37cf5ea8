#include "daemon/mirror/sync/job_history.h"

#include <sstream>

#include "tests/daemon/mirror/mirror_fixture.h"
#include "tests/daemon/upstream/history/git_server.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using storage::JobState;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::GitServer;
using waag::daemon::testing::MirrorFixture;

namespace {

/// An upstream of one repository, which real git has written.
struct Histories : MirrorFixture {
  Histories() {
    with_git = true;
    upstream.speak_git([server = real](const std::string& body) {
      return body.empty() ? server->refs_body() : server->pack_body(body);
    });
  }
  /// @return the commit that main leads to after those commands
  std::string publish(const std::string& commands) {
    real->work(commands);
    real->publish();
    FakeUpstream::Repo repo;
    repo.commit = real->work("git rev-parse HEAD").substr(0, 40);
    std::istringstream paths(real->work("git ls-files"));
    for (std::string path; std::getline(paths, path);)
      repo.files[path] = real->work("git show 'HEAD:" + path + "'");
    upstream.put("acme/tiny", repo);
    return repo.commit;
  }
  static std::string write(const std::string& text) {
    return "echo " + text + " > story; git add .; git commit -qm " + text + "; ";
  }
  boost::json::object done() {
    const auto row = pulled({{"repo", "acme/tiny"}});
    INFO(row.error);
    REQUIRE(row.state == JobState::done);
    last_note = row.progress.note;
    return result_of(row).as_object();
  }
  /// A job of which all comes but the history.
  void fail_on_history() {
    upstream.answer_git("500 Oops");
    const auto submitted =
        app->jobs->submit({"mirror", {{"repo", "acme/tiny"}}, {"root", ""}, 0, ""});
    REQUIRE(submitted);
    const auto feed = *app->jobs->watch(submitted->id);
    for (int i = 0; i < 2'000 && feed->row().error.empty(); ++i)
      static_cast<void>(feed->wait_over(10ms));
    CHECK(feed->row().error.find("but the history did not come: ") != std::string::npos);
    REQUIRE(app->jobs->cancel(submitted->id, "root"));  // instead of its later attempts
    CHECK(ended(submitted->id).state == JobState::cancelled);
    upstream.answer_git("200 OK");
  }

  const std::shared_ptr<GitServer> real = std::make_shared<GitServer>();  // the upstream's, too
  std::string last_note;
};

}  // namespace

TEST_CASE_METHOD(Histories, "job history: a forced push is told once", "[daemon][mirror]") {
  publish(write("one"));
  const auto first = publish(write("two"));
  begin();
  CHECK_FALSE(done().contains("rewritten_from"));
  SECTION("seen by a job that is done") { publish("git reset -q --hard HEAD~1; " + write("else")); }
  SECTION("seen by jobs that all failed on the history") {
    publish("git reset -q --hard HEAD~1; " + write("else"));
    fail_on_history();
    fail_on_history();
  }
  SECTION("not the last move that failing jobs have seen") {
    publish("git reset -q --hard HEAD~1; " + write("else"));
    fail_on_history();
    publish(write("more"));
    fail_on_history();
  }
  const auto result = done();
  REQUIRE(result.contains("rewritten_from"));
  CHECK(result.at("rewritten_from").as_string() == std::string_view(first));
  CHECK_FALSE(done().contains("rewritten_from"));
}

TEST_CASE_METHOD(Histories, "job history: what was told alone may be what a forced push took",
                 "[daemon][mirror]") {
  publish(write("one"));
  begin();
  done();
  const auto told = publish(write("two"));
  fail_on_history();
  publish("git reset -q --hard HEAD~1; " + write("else"));
  CHECK(done().at("rewritten_from").as_string() == std::string_view(told));
}

TEST_CASE_METHOD(Histories, "job history: no forced push", "[daemon][mirror]") {
  publish(write("one"));
  begin();
  SECTION("of what never came") {}
  SECTION("between jobs that failed on the history") {
    done();
    for (const auto* text : {"two", "three"}) {
      publish(write(text));
      fail_on_history();
    }
    publish(write("four"));
  }
  SECTION("of a history that is left out") {
    done();
    publish("ln -s /etc/passwd abs; " + write("two"));
    CHECK(done().at("refs_left_out") == 1);
    publish(write("three"));
  }
  CHECK_FALSE(done().contains("rewritten_from"));
}

TEST_CASE_METHOD(Histories, "job history: refs that break a rule are named, also later",
                 "[daemon][mirror]") {
  publish(write("one") + "git checkout -q -b bad; ln -s /etc/passwd abs; " + write("bad") +
          "git checkout -q main");
  begin();
  const auto told = done();
  CHECK(told.at("refs_left_out") == 1);
  REQUIRE(told.at("warnings").as_array().size() == 1);
  const auto warning = std::string(told.at("warnings").at(0).as_string());
  CAPTURE(warning);
  CHECK(warning.find("refs/heads/bad is left out: ") == 0);
  CHECK(warning.find("abs") != std::string::npos);
  CHECK(last_note == "without 1 ref that breaks a rule of this hub");
  const auto asked = upstream.count("/git-upload-pack");
  CHECK(done().at("warnings") == told.at("warnings"));
  CHECK(upstream.count("/git-upload-pack") == asked);

  publish("git branch -qD bad; " + write("two"));
  const auto result = done();
  CHECK_FALSE(result.contains("warnings"));
  CHECK_FALSE(result.contains("refs_left_out"));
  CHECK(last_note.empty());
}

TEST_CASE_METHOD(Histories, "job history: of many refs that break a rule some are named",
                 "[daemon][mirror]") {
  publish(write("one") + "git checkout -q -b bad; ln -s /etc/passwd abs; " + write("bad") +
          "for i in $(seq 24); do git branch bad$i; done; git checkout -q main");
  begin();
  const auto told = done();
  CHECK(told.at("refs_left_out") == 25);
  CHECK(told.at("warnings").as_array().size() == storage::left_out_refs_max + 1);
  CHECK(told.at("warnings").as_array().back() == "and 5 refs more");
  CHECK(last_note == "without 25 refs that break a rule of this hub");
}
