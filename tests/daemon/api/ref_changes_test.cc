#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string api = "/api/models/ada/tiny";

struct Hub : HubFixture {
  Hub() { make_repo("tiny"); }
  Reply make(const std::string& path, const std::string& body = "", const std::string& token = "") {
    return post(api + path, token.empty() ? ada : token, body);
  }
  Reply remove(const std::string& path, const std::string& token = "") {
    return ask({"DELETE", api + path, token.empty() ? ada : token, "", "", nullptr});
  }
  std::string target(const std::string& kind, const std::string& name) {
    const auto refs = get(api + "/refs", ada).json();
    for (const auto& ref : refs.at(kind).as_array())
      if (ref.at("name").as_string() == name)
        return std::string(ref.at("targetCommit").as_string());
    return "";
  }
};

}  // namespace

TEST_CASE("refs: all three arrays are always there", "[daemon][refs]") {
  Hub hub;
  const auto head = hub.target("branches", "main");
  CHECK(hub.get(api + "/refs").body ==
        R"({"branches":[{"name":"main","ref":"refs/heads/main","targetCommit":")" + head +
            R"("}],"converts":[],"tags":[]})");
  CHECK(hub.get(api + "/refs?include_prs=True").json().at("pullRequests").as_array().empty());
}

TEST_CASE("refs: branches", "[daemon][refs]") {
  Hub hub;
  const auto first = hub.target("branches", "main");
  CHECK(hub.make("/branch/dev").status == 200);
  hub.committed("ada/tiny", HubFixture::file_line("a", "1"));
  CHECK(hub.target("branches", "dev") == first);
  CHECK(hub.make("/branch/feat%2Fx", R"({"startingPoint":"main"})").status == 200);
  CHECK(hub.target("branches", "feat/x") == hub.target("branches", "main"));
  CHECK(hub.make("/branch/old", R"({"startingPoint":")" + first + "\"}").status == 200);
  CHECK(hub.target("branches", "old") == first);

  const auto again = hub.make("/branch/dev");
  CHECK(again.status == 409);
  CHECK(again.error() == "Reference refs/heads/dev already exists");
  CHECK(hub.make("/branch/main").status == 409);
  CHECK(hub.make("/branch/dev", R"({"overwrite":true,"startingPoint":"main"})").status == 200);
  CHECK(hub.target("branches", "dev") == hub.target("branches", "main"));
  CHECK(hub.make("/branch/new", R"({"startingPoint":"nope"})").header("X-Error-Code") ==
        "RevisionNotFound");

  CHECK(hub.remove("/branch/feat%2Fx").status == 200);
  CHECK(hub.target("branches", "feat/x").empty());
  CHECK(hub.remove("/branch/feat%2Fx").header("X-Error-Code") == "RevisionNotFound");
  const auto main = hub.remove("/branch/main");
  CHECK(main.status == 400);
  CHECK(main.error() == "Cannot delete refs/heads/main");
}

TEST_CASE("refs: names that no branch may have", "[daemon][refs]") {
  Hub hub;
  const auto name = GENERATE("refs%2Fpr%2F5", "refs%2Fany%2Fx", "a%20b", "a~b", "a%5Eb", "a%3Ab",
                             "a%3Fb", "a%2Ab", "a%5Bb", "x.lock", "-x", "a@%7Bb");
  CAPTURE(name);
  const auto reply = hub.make(std::string("/branch/") + name);
  CHECK(reply.status == 400);
  CHECK(reply.error() == "Invalid reference for a branch");
}

TEST_CASE("refs: tags, also beside a branch of the same name", "[daemon][refs]") {
  Hub hub;
  CHECK(hub.make("/branch/same").status == 200);
  CHECK(hub.make("/tag/main", R"({"tag":"same","message":"hello"})").status == 200);
  CHECK(hub.target("tags", "same") == hub.target("branches", "main"));
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  CHECK_FALSE((*hub.store->find_ref(uid, "refs/tags/same"))->tag_object.is_zero());
  CHECK(hub.make("/tag/main", R"({"tag":"same"})").status == 409);
  CHECK(hub.make("/tag/nope", R"({"tag":"v2"})").header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.make("/tag/main", "{}").status == 400);
  CHECK(hub.make("/tag/main", R"({"tag":"a b"})").status == 400);
  CHECK(hub.make("/tag/nope", R"({"tag":"a b"})").header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.remove("/tag/same").status == 200);
  CHECK(hub.target("tags", "same").empty());
  CHECK_FALSE(hub.target("branches", "same").empty());
  CHECK(hub.remove("/tag/same").status == 404);
}

TEST_CASE("refs: only who may write", "[daemon][refs]") {
  Hub hub;
  CHECK(hub.make("/branch/x", "", hub.bob).status == 403);
  CHECK(hub.make("/branch/x", "", hub.ada_read).status == 403);
  CHECK(hub.remove("/branch/x", hub.bob).status == 403);
  CHECK(hub.make("/tag/main", R"({"tag":"v"})", hub.bob).status == 403);
  CHECK(hub.make("/branch/x", "", hub.root).status == 200);
}
