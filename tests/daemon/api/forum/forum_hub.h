#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tests/daemon/hub_fixture.h"

namespace waag::daemon::testing {

/// A hub with ada's repo `tiny` and words for what is done in its discussions.
struct ForumHub : HubFixture {
  const std::string base = "/api/models/ada/tiny/discussions";

  ForumHub() { make_repo("tiny"); }

  Reply open(const std::string& token, const std::string& title, bool pull = false,
             const std::string& description = "Text") {
    const boost::json::object body{
        {"title", title}, {"description", description}, {"pullRequest", pull}};
    return post(base, token, boost::json::serialize(body));
  }
  /// One that must be opened. @return its path
  std::string opened(const std::string& token, const std::string& title = "Title",
                     bool pull = false) {
    const auto reply = open(token, title, pull);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return base + "/" + std::to_string(reply.json().at("num").to_number<int>());
  }
  /// A pull request with a file, open at once. @return its path
  std::string opened_pull(const std::string& token, const std::string& path,
                          const std::string& content) {
    const auto reply = post("/api/models/ada/tiny/commit/main?create_pr=1", token,
                            header_line("Add " + path) + file_line(path, content));
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    const auto url = std::string(reply.json().at("pullRequestUrl").as_string());
    return base + url.substr(url.rfind('/'));
  }
  boost::json::object details(const std::string& path) {
    const auto reply = get(path + "?diff=1", ada);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return reply.json().as_object();
  }
  std::string status(const std::string& path) {
    return std::string(details(path).at("status").as_string());
  }
  std::string first_comment(const std::string& path) {
    return std::string(details(path).at("events").as_array().at(0).at("id").as_string());
  }
  std::string file(const std::string& path, const std::string& rev = "main") {
    return get("/ada/tiny/resolve/" + rev + "/" + path, ada).body;
  }
};

}  // namespace waag::daemon::testing
