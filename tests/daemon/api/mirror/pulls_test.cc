
#include <boost/json/parse.hpp>

#include "tests/daemon/mirror/mirror_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeUpstream;
using waag::daemon::testing::MirrorFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : MirrorFixture {
  Hub() {
    FakeUpstream::Repo repo;
    repo.files = {{"README.md", "hello"}};
    upstream.put("acme/tiny", repo);
  }
  Reply pull(const std::string& token, const std::string& body) {
    return post("/api/waag/v1/pulls", token, body);
  }
};

}  // namespace

TEST_CASE_METHOD(Hub, "api pulls: a job that brings a repo", "[daemon][mirror]") {
  begin();
  const auto reply = pull(ada, R"({"repo":"acme/tiny"})");
  INFO(reply.body);
  REQUIRE(reply.status == 202);
  CHECK(reply.json().at("kind") == "mirror");
  CHECK(reply.json().at("user") == "ada");
  CHECK(reply.json().at("spec").at("revision") == "main");
  const auto id = reply.json().at("id").to_number<std::uint64_t>();
  CHECK(ended(id).state == storage::JobState::done);
  const auto calls = upstream.server.requests().size();
  CHECK(get("/acme/tiny/resolve/main/README.md", ada).body == "hello");
  CHECK(upstream.count("/resolve/") == 1);
  CHECK(upstream.server.requests().size() <= calls + 1);  // the branch may be looked at again
}

TEST_CASE_METHOD(Hub, "api pulls: who may", "[daemon][mirror]") {
  const auto* allowed = GENERATE("anyone", "users", "admins", "off");
  config.mirror.pull_through = allowed;
  begin();
  const std::string body = R"({"repo":"acme/tiny"})";
  const bool open = std::string(allowed) == "anyone" || std::string(allowed) == "users";
  CHECK(pull("", body).status == 401);
  CHECK(pull(ada, body).status == (open ? 202 : 403));
  CHECK(pull(root, body).status == 202);
}

TEST_CASE_METHOD(Hub, "api pulls: what is refused", "[daemon][mirror]") {
  begin();
  make_repo("own");
  CHECK(pull(root, "{}").status == 400);
  CHECK(pull(root, R"({"repo":"acme/tiny","include":"x"})").status == 400);
  CHECK(pull(root, R"({"repo":"ada/own"})").status == 409);
  CHECK(pull(root, R"({"repo":"bob/none"})").status == 409);
}
