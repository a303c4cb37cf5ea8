#include <boost/json/serialize.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string routes_root = "/api/models/ada/tiny/user-access-request/";

struct RequestsHub : HubFixture {
  explicit RequestsHub(const std::string& gate = "\"manual\"") {
    make_repo("tiny");
    set_gate(gate);
  }
  void set_gate(const std::string& gate) {
    const auto body = R"({"gated":)" + gate + "}";
    REQUIRE(ask({"PUT", "/api/models/ada/tiny/settings", ada, body, "", nullptr}).status == 200);
  }
  Reply ask_access(const std::string& token, const std::string& body = "",
                   const std::string& headers = "") {
    return post("/ada/tiny/ask-access", token, body, headers);
  }
  Reply handle(const std::string& user, const std::string& status, const std::string& more = "") {
    return post(routes_root + "handle", ada,
                R"({"user":")" + user + R"(","status":")" + status + "\"" + more + "}");
  }
  Reply grant(const std::string& user) {
    return post(routes_root + "grant", ada, R"({"user":")" + user + "\"}");
  }
  std::string names(const std::string& status) {
    const auto reply = get(routes_root + status, ada);
    REQUIRE(reply.status == 200);
    std::string text;
    for (const auto& item : reply.json().as_array())
      text += std::string(item.at("user").at("user").as_string()) + " ";
    return text;
  }
  unsigned reads(const std::string& token) {
    return get("/ada/tiny/resolve/main/.gitattributes", token).status;
  }
};

}  // namespace

TEST_CASE("access requests: a manual gate waits for its owner", "[daemon][access]") {
  RequestsHub hub;
  const auto asked = hub.ask_access(hub.bob, R"({"country":"NL","agree":true,"seats":3})");
  CHECK(asked.status == 200);
  CHECK(asked.json().at("status") == "pending");
  CHECK(hub.reads(hub.bob) == 403);
  const auto list = hub.get(routes_root + "pending", hub.ada);
  CHECK(boost::json::serialize(list.json()) ==
        R"([{"requestId":"Ym9i","user":{"user":"bob","fullname":"bob Example",)"
        R"("email":"bob@example.test"},)"
        R"("status":"pending","timestamp":")" +
            std::string(list.json().at(0).at("timestamp").as_string()) +
            R"(","fields":{"country":"NL","agree":true,"seats":3}}])");
  CHECK(hub.handle("BOB", "accepted").json().at("status") == "accepted");
  CHECK(hub.reads(hub.bob) == 200);
  CHECK(hub.names("pending").empty());
  CHECK(hub.names("accepted") == "bob ");
  CHECK(hub.handle("bob", "rejected", R"(,"rejectionReason":"not yet")").status == 200);
  CHECK(hub.reads(hub.bob) == 403);
  CHECK(hub.names("rejected") == "bob ");
  const auto again = hub.ask_access(hub.bob);
  CHECK(again.status == 403);
  CHECK(again.error() == "Your request for access was rejected: not yet");
  // Accepted again, the reason is gone.
  CHECK_FALSE(hub.handle("bob", "accepted").json().as_object().contains("rejectionReason"));
}

TEST_CASE("access requests: an automatic gate lets in who asks", "[daemon][access]") {
  RequestsHub hub("\"auto\"");
  CHECK(hub.reads(hub.bob) == 403);
  CHECK(hub.ask_access(hub.bob).json().at("status") == "accepted");
  CHECK(hub.reads(hub.bob) == 200);
  CHECK(hub.names("accepted") == "bob ");
  // What its owner took back, asking again does not bring back.
  CHECK(hub.handle("bob", "pending").status == 200);
  CHECK(hub.ask_access(hub.bob).json().at("status") == "pending");
  CHECK(hub.reads(hub.bob) == 403);
}

TEST_CASE("access requests: every list to every other, none to itself", "[daemon][access]") {
  RequestsHub hub;
  const std::vector<std::string> all = {"pending", "accepted", "rejected"};
  REQUIRE(hub.ask_access(hub.bob).status == 200);
  std::string now = "pending";
  for (const auto& from : all)
    for (const auto& to : all) {
      if (now != from) REQUIRE(hub.handle("bob", from).status == 200);
      CAPTURE(from, to);
      CHECK(hub.handle("bob", to).status == (from == to ? 404 : 200));
      now = to;
      CHECK(hub.names(to) == "bob ");
      CHECK(hub.reads(hub.bob) == (to == "accepted" ? 200 : 403));
    }
}

TEST_CASE("access requests: who is let in unasked shares no address", "[daemon][access]") {
  RequestsHub hub("\"auto\"");
  const auto granted = hub.grant("bob");
  CHECK(granted.status == 200);
  CHECK(granted.json().at("status") == "accepted");
  const auto list = hub.get(routes_root + "accepted", hub.ada);
  CHECK_FALSE(list.json().at(0).at("user").as_object().contains("email"));
  CHECK(hub.reads(hub.bob) == 200);
  const auto twice = hub.grant("bob");
  CHECK(twice.status == 400);
  CHECK(hub.handle("bob", "rejected").status == 200);
  CHECK(hub.grant("bob").status == 200);
  CHECK(hub.reads(hub.bob) == 200);
}

TEST_CASE("access requests: a grant of one who asked keeps what was asked", "[daemon][access]") {
  RequestsHub hub;
  REQUIRE(hub.ask_access(hub.bob, "why=research+work&team=a",
                         "Content-Type: application/x-www-form-urlencoded\r\n")
              .status == 200);
  const auto granted = hub.grant("bob");
  CHECK(granted.json().at("user").at("email") == "bob@example.test");
  CHECK(granted.json().at("fields").at("why") == "research work");
}

TEST_CASE("access requests: bad ones change nothing", "[daemon][access]") {
  RequestsHub hub;
  CHECK(hub.handle("bob", "accepted").status == 404);     // has not asked
  CHECK(hub.handle("nobody", "accepted").status == 404);  // is no user
  CHECK(hub.grant("nobody").status == 404);
  REQUIRE(hub.ask_access(hub.bob).status == 200);
  CHECK(hub.handle("bob", "maybe").status == 400);
  CHECK(hub.handle("bob", "accepted", R"(,"rejectionReason":"x")").status == 400);
  CHECK(hub.handle("bob", "rejected", R"(,"rejectionReason":")" + std::string(1001, 'x') + "\"")
            .status == 400);
  CHECK(hub.post(routes_root + "handle", hub.ada, R"({"status":"accepted"})").status == 400);
  CHECK(hub.post(routes_root + "grant", hub.ada, "{}").status == 400);
  CHECK(hub.get(routes_root + "maybe", hub.ada).status == 400);
  CHECK(hub.get(routes_root + "pending?limit=x", hub.ada).status == 400);
  CHECK(hub.names("pending") == "bob ");
  for (const auto& form : {std::string(R"({"a":{}})"), std::string(R"({"a":[1]})"),
                           R"({"a":")" + std::string(20'000, 'x') + "\"}", std::string("[1]")})
    CHECK(hub.ask_access(hub.root, form).status == 400);
}

TEST_CASE("access requests: who may ask and who may decide", "[daemon][access]") {
  RequestsHub hub;
  hub.make_user("eve");
  const auto eve_reads = hub.make_token("eve", storage::TokenRole::read);
  CHECK(hub.ask_access("").status == 401);
  CHECK(hub.ask_access(eve_reads).status == 403);
  // Nor does a fine-grained token ask in the name of the account.
  const auto eve_scoped = hub.make_fine_token("eve", {{"ada", {}, storage::Role::admin}});
  CHECK(hub.ask_access(eve_scoped).status == 403);
  CHECK(hub.ask_access(hub.ada).json().at("status") == "accepted");  // it is hers
  CHECK(hub.names("accepted").empty());
  REQUIRE(hub.ask_access(hub.bob).status == 200);
  for (const auto& [token, status] : {std::pair<std::string, unsigned>{"", 401},
                                      {hub.bob, 403},
                                      {hub.ada_read, 403},
                                      {hub.root, 200}}) {
    CHECK(hub.get(routes_root + "pending", token).status == status);
    const auto handled =
        hub.post(routes_root + "handle", token, R"({"user":"bob","status":"rejected"})");
    CHECK(handled.status == status);
    const auto granted = hub.post(routes_root + "grant", token, R"({"user":"bob"})");
    CHECK(granted.status == status);
  }
  hub.set_gate("false");
  CHECK(hub.ask_access(hub.bob).status == 400);
  CHECK(hub.get(routes_root + "pending", hub.ada).status == 400);
  CHECK(hub.grant("bob").status == 400);
  CHECK(hub.reads(hub.bob) == 200);
  // Closed again, the lists are as they were.
  hub.set_gate("\"manual\"");
  CHECK(hub.names("accepted") == "bob ");
}

TEST_CASE("access requests: lists come in pages", "[daemon][access]") {
  RequestsHub hub;
  for (const auto* name : {"u1", "u2", "u3"}) {
    hub.make_user(name);
    REQUIRE(hub.grant(name).status == 200);
  }
  const auto first = hub.get(routes_root + "accepted?limit=2", hub.ada);
  CHECK(first.json().as_array().size() == 2);
  const auto link = first.header("Link");
  REQUIRE(link.starts_with("<http://hub:8080/"));
  const auto next = HubFixture::path_of(link.substr(1, link.find('>') - 1));
  const auto second = hub.get(next, hub.ada);
  CHECK(second.json().at(0).at("user").at("user") == "u3");
  CHECK(second.json().as_array().size() == 1);
  CHECK(second.header("Link").empty());
}
