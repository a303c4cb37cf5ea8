#include "tests/daemon/api/forum/forum_hub.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::ForumHub;
using waag::daemon::testing::HubFixture;

TEST_CASE("discussion changes: comments", "[daemon][discussions]") {
  ForumHub hub;
  const auto path = hub.opened(hub.bob);
  const auto said = hub.post(path + "/comment", hub.ada, R"({"comment":"<b>Why</b>?"})");
  INFO(said.body);
  REQUIRE(said.status == 200);
  const auto& message = said.json().at("newMessage");
  CHECK(message.at("type") == "comment");
  CHECK(message.at("author").at("name") == "ada");
  CHECK(message.at("data").at("latest").at("raw") == "<b>Why</b>?");
  CHECK(message.at("data").at("latest").at("html") == "<p>&lt;b&gt;Why&lt;/b&gt;?</p>");
  CHECK(hub.details(path).at("events").as_array().at(1) == message);
  CHECK(hub.details(path).at("numComments") == 2);

  const auto id = std::string(message.at("id").as_string());
  const auto edited =
      hub.post(path + "/comment/" + id + "/edit", hub.ada, R"({"content":"Because"})");
  REQUIRE(edited.status == 200);
  const auto& updated = edited.json().at("updatedComment");
  CHECK(updated.at("id") == id.c_str());
  CHECK(updated.at("data").at("edited") == true);
  CHECK(updated.at("data").at("latest").at("raw") == "Because");
  CHECK(hub.details(path).at("events").as_array().at(1) == updated);

  const auto hidden = hub.post(path + "/comment/" + id + "/hide", hub.ada, "");
  REQUIRE(hidden.status == 200);
  const auto& gone = hidden.json().at("updatedComment");
  CHECK(gone.at("data").at("hidden") == true);
  CHECK(hidden.body.find("Because") == std::string::npos);
  CHECK(hub.details(path).at("events").as_array().at(1) == gone);
  CHECK(hub.post(path + "/comment/" + id + "/edit", hub.ada, R"({"content":"x"})").status == 409);
}

TEST_CASE("discussion changes: title and status", "[daemon][discussions]") {
  ForumHub hub;
  const auto path = hub.opened(hub.bob, "Old title");
  const auto renamed = hub.post(path + "/title", hub.bob, R"({"title":" New title "})");
  REQUIRE(renamed.status == 200);
  const auto& title = renamed.json().at("newTitle");
  CHECK(title.at("type") == "title-change");
  CHECK(title.at("data").at("from") == "Old title");
  CHECK(title.at("data").at("to") == "New title");
  CHECK(hub.details(path).at("title") == "New title");

  const auto closed =
      hub.post(path + "/status", hub.bob, R"({"status":"closed","comment":"Done"})");
  REQUIRE(closed.status == 200);
  CHECK(closed.json().at("newStatus").at("type") == "status-change");
  CHECK(closed.json().at("newStatus").at("data").at("status") == "closed");
  CHECK(hub.status(path) == "closed");
  CHECK(hub.details(path).at("numComments") == 2);
  CHECK(hub.post(path + "/status", hub.ada, R"({"status":"open"})").status == 200);
  CHECK(hub.status(path) == "open");

  const auto draft = hub.opened(hub.bob, "Draft", /*pull=*/true);
  CHECK(hub.post(draft + "/status", hub.bob, R"({"status":"open"})").status == 200);
  CHECK(hub.status(draft) == "open");
}

TEST_CASE("discussion changes: a pull request is merged once", "[daemon][discussions]") {
  ForumHub hub;
  const auto path = hub.opened_pull(hub.bob, "a", "one");
  CHECK(hub.post(path + "/merge", hub.bob, "").status == 403);
  CHECK(hub.status(path) == "open");
  const auto merged = hub.post(path + "/merge", hub.ada, R"({"comment":"Thanks"})");
  INFO(merged.body);
  REQUIRE(merged.status == 200);
  CHECK(merged.json().at("newStatus").at("data").at("status") == "merged");
  const auto after = hub.details(path);
  CHECK(after.at("status") == "merged");
  const auto main = hub.get("/api/models/ada/tiny").json().at("sha");
  CHECK(after.at("changes").at("mergeCommitId") == main);
  CHECK(std::string(after.at("diff").as_string()).find("+one") != std::string::npos);
  CHECK(hub.file("a") == "one");
  const auto commits = hub.get("/api/models/ada/tiny/commits/main").json().as_array();
  CHECK(commits.at(0).at("title") == "Add a (#1)");
  std::string kinds;
  for (const auto& event : after.at("events").as_array())
    kinds += std::string(event.at("type").as_string()) + " ";
  CHECK(kinds == "comment commit comment status-change ");

  CHECK(hub.post(path + "/merge", hub.ada, "").status == 409);
  CHECK(hub.post(path + "/status", hub.ada, R"({"status":"closed"})").status == 409);
  const auto lines = HubFixture::header_line("late") + HubFixture::file_line("b", "x");
  CHECK(hub.post("/api/models/ada/tiny/commit/refs%2Fpr%2F1", hub.bob, lines).status == 409);
  CHECK(hub.details(path) == after);
}

TEST_CASE("discussion changes: a merge that cannot be changes nothing", "[daemon][discussions]") {
  ForumHub hub;
  const auto closed = hub.opened_pull(hub.bob, "b", "one");
  REQUIRE(hub.post(closed + "/status", hub.bob, R"({"status":"closed"})").status == 200);
  const auto clash = hub.opened_pull(hub.bob, "a", "theirs");
  const auto draft = hub.opened(hub.bob, "Draft", /*pull=*/true);
  const auto talk = hub.opened(hub.bob);
  hub.committed("ada/tiny", HubFixture::file_line("a", "ours"));
  CHECK(hub.details(clash).at("filesWithConflicts").as_array().at(0) == "a");
  const auto main = hub.get("/api/models/ada/tiny").json().at("sha");
  for (const auto& path : {closed, clash, draft, talk}) {
    CAPTURE(path);
    const auto before = hub.details(path);
    const auto reply = hub.post(path + "/merge", hub.ada, R"({"comment":"x"})");
    CHECK(reply.status == 409);
    CHECK(hub.details(path) == before);
  }
  CHECK(hub.post(clash + "/merge", hub.ada, "").error() == "Merge conflicts in: a");
  CHECK(hub.get("/api/models/ada/tiny").json().at("sha") == main);
  CHECK(hub.post(hub.base + "/99/merge", hub.ada, "").status == 404);
}

TEST_CASE("discussion changes: who may do what", "[daemon][discussions]") {
  ForumHub hub;
  hub.make_user("eve");
  const auto eve = hub.make_token("eve", storage::TokenRole::write);
  const auto bob_reads = hub.make_token("bob", storage::TokenRole::read);
  const auto path = hub.opened(hub.bob);
  const auto comment = path + "/comment/" + hub.first_comment(path);
  struct Deed {
    std::string target, body;
  };
  const std::vector<Deed> deeds{{path + "/title", R"({"title":"Other"})"},
                                {path + "/status", R"({"status":"closed"})"},
                                {comment + "/edit", R"({"content":"Other"})"},
                                {comment + "/hide", ""}};
  const auto before = hub.details(path);
  for (const auto& [target, body] : deeds) {
    CAPTURE(target);
    CHECK(hub.post(target, eve, body).status == 403);
    CHECK(hub.post(target, bob_reads, body).status == 403);
    CHECK(hub.post(target, hub.ada_read, body).status == 403);
    CHECK(hub.post(target, "", body).status == 401);
  }
  CHECK(hub.details(path) == before);
  CHECK(hub.post(path + "/comment", eve, R"({"comment":"x"})").status == 200);
  for (const auto& token : {hub.bob, hub.ada, hub.root}) {  // author, owner, hub admin
    const auto own = hub.opened(hub.bob);
    const auto first = own + "/comment/" + hub.first_comment(own);
    CHECK(hub.post(own + "/title", token, R"({"title":"Other"})").status == 200);
    CHECK(hub.post(own + "/status", token, R"({"status":"closed"})").status == 200);
    CHECK(hub.post(first + "/edit", token, R"({"content":"Other"})").status == 200);
    CHECK(hub.post(first + "/hide", token, "").status == 200);
  }
  // The author of a discussion has no say over what others write in it.
  const auto said = hub.post(path + "/comment", eve, R"({"comment":"x"})");
  const auto theirs = std::string(said.json().at("newMessage").at("id").as_string());
  CHECK(hub.post(path + "/comment/" + theirs + "/edit", hub.bob, R"({"content":"y"})").status ==
        403);
}

TEST_CASE("discussion changes: commits to a pull request are its author's and writers'",
          "[daemon][discussions]") {
  ForumHub hub;
  hub.make_user("eve");
  const auto eve = hub.make_token("eve", storage::TokenRole::write);
  hub.opened(hub.bob, "Draft", /*pull=*/true);
  const auto lines = HubFixture::header_line("x");
  const std::string ref = "refs%2Fpr%2F1";
  const std::string commit = "/api/models/ada/tiny/commit/" + ref;
  const std::string preupload = "/api/models/ada/tiny/preupload/" + ref;
  const auto* const asked = R"({"files":[{"path":"a","sample":"","size":1}]})";
  CHECK(hub.post(commit, eve, lines + HubFixture::file_line("e", "1")).status == 403);
  CHECK(hub.post(preupload, eve, asked).status == 403);
  CHECK(hub.post(commit, hub.ada_read, lines + HubFixture::file_line("e", "1")).status == 403);
  CHECK(hub.post(preupload, hub.bob, asked).status == 200);
  CHECK(hub.post(commit, hub.bob, lines + HubFixture::file_line("b", "1")).status == 200);
  CHECK(hub.post(preupload, hub.ada, asked).status == 200);
  CHECK(hub.post(commit, hub.ada, lines + HubFixture::file_line("a", "1")).status == 200);
  CHECK(hub.file("b", ref) == "1");
  CHECK(hub.file("a", ref) == "1");
  const std::string missing = "/api/models/ada/tiny/commit/refs%2Fpr%2F9";
  CHECK(hub.post(missing, hub.ada, lines).header("X-Error-Code") == "RevisionNotFound");
}

TEST_CASE("discussion changes: bad input changes nothing", "[daemon][discussions]") {
  ForumHub hub;
  const auto path = hub.opened(hub.ada);
  const auto comment = path + "/comment/" + hub.first_comment(path);
  const auto before = hub.details(path);
  const auto status = [&hub](const std::string& target, const std::string& body) {
    return hub.post(target, hub.ada, body).status;
  };
  CHECK(status(path + "/comment", "{}") == 400);
  CHECK(status(path + "/comment", R"({"comment":" \n"})") == 400);
  CHECK(status(path + "/comment", R"({"comment":7})") == 400);
  CHECK(status(path + "/comment", "[") == 400);
  const auto long_text = std::string(65 << 10, 'x');
  CHECK(status(path + "/comment", "{\"comment\":\"" + long_text + "\"}") == 413);
  CHECK(status(comment + "/edit", "{\"content\":\"" + long_text + "\"}") == 413);
  CHECK(status(comment + "/edit", "{}") == 400);
  CHECK(status(path + "/title", "{}") == 400);
  CHECK(status(path + "/title", R"({"title":"x"})") == 400);
  CHECK(status(path + "/status", "{}") == 400);
  CHECK(status(path + "/status", R"({"status":"merged"})") == 400);
  CHECK(status(path + "/status", R"({"status":"open"})") == 409);
  for (const auto* id : {"x", "000000000000000100000001", "00000000000000010000000A", "0"}) {
    CAPTURE(id);
    CHECK(status(path + "/comment/" + id + "/edit", R"({"content":"x"})") == 404);
    CHECK(status(path + "/comment/" + id + "/hide", "") == 404);
  }
  CHECK(status(hub.base + "/99/comment", R"({"comment":"x"})") == 404);
  CHECK(status(hub.base + "/x/title", R"({"title":"xyz"})") == 404);
  CHECK(hub.details(path) == before);
}
