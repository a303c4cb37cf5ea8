#include "daemon/http/router.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

const std::vector<Route>& table() {
  const auto row = [](Method method, std::string_view path, std::string_view name) {
    return Route{method, path, name, Policy::none, {}, nullptr, ""};
  };
  static const std::vector<Route> rows = {
      row(Method::get, "/", "root"),
      row(Method::get, "/{web}/{ns}/{name}/resolve/{rev}/{rest...}", "resolve"),
      row(Method::get, "/api/{type}/{ns}/{name}", "info"),
      row(Method::del, "/api/{type}/{ns}/{name}", "remove"),
      row(Method::get, "/api/{type}/{ns}/{name}/tree/{rev}/{rest?...}", "tree"),
      row(Method::get, "/api/{type}/{ns}/{name}/refs", "refs"),
      row(Method::post, "/api/repos/create", "create"),
      row(Method::post, "/{web}/{ns}/{name.git}/info/lfs/objects/batch", "batch"),
      row(Method::put, "/api/{x}/{y}/{z}/refs", "loose"),
      row(Method::get, "/{web}/{ns}/{name}", "page"),
      row(Method::get, "/xet/{x}/[v1/]chunk[s]/{y}", "optional"),
  };
  return rows;
}

Routing find(Method method, std::string_view path) {
  const Router router(table());
  REQUIRE(router.problems().empty());
  const auto segments = http::split_path(path);
  REQUIRE(segments);
  return router.find(method, *segments);
}

std::string name_of(Method method, std::string_view path) {
  const auto routing = find(method, path);
  return routing.route ? std::string(routing.route->name) : "";
}

}  // namespace

TEST_CASE("router: each path finds its row", "[daemon][router]") {
  CHECK(name_of(Method::get, "/") == "root");
  CHECK(name_of(Method::get, "/a/b/resolve/main/f") == "resolve");
  CHECK(name_of(Method::head, "/datasets/a/b/resolve/main/d/e/f") == "resolve");
  CHECK(name_of(Method::get, "/api/models/a/b") == "info");
  CHECK(name_of(Method::del, "/api/spaces/a/b") == "remove");
  CHECK(name_of(Method::get, "/api/models/a/b/tree/main") == "tree");
  CHECK(name_of(Method::get, "/api/models/a/b/refs") == "refs");
  CHECK(name_of(Method::post, "/api/repos/create") == "create");
  CHECK(name_of(Method::get, "/acme/tiny") == "page");
  CHECK(name_of(Method::get, "/a/b/resolve/main").empty());  // {rest...} needs a segment
  CHECK(name_of(Method::get, "/api/kernels/a/b").empty());
  CHECK(name_of(Method::get, "/models/a/b/resolve/main/f").empty());
}

TEST_CASE("router: captures are decoded once, types come from the template", "[daemon][router]") {
  auto at = find(Method::get, "/a/b/resolve/refs%2Fpr%2F1/x%20y/c%2Fd");
  CHECK(at.captures["type"] == "models");
  CHECK(at.captures["ns"] == "a");
  CHECK(at.captures["rev"] == "refs/pr/1");
  CHECK(at.rest == std::vector<std::string>{"x y", "c/d"});
  CHECK(find(Method::get, "/spaces/a/b/resolve/m/f").captures["type"] == "spaces");
  CHECK(find(Method::get, "/api/datasets/a/b").captures["type"] == "datasets");
  CHECK(find(Method::post, "/a/b.git/info/lfs/objects/batch").captures["name"] == "b");
  CHECK(find(Method::post, "/a/b/info/lfs/objects/batch").captures["name"] == "b");
  CHECK(find(Method::get, "/api/models/a/b/tree/main").rest.empty());
}

TEST_CASE("router: an encoded slash is no part of a namespace, name, type or literal",
          "[daemon][router]") {
  CHECK(name_of(Method::get, "/api/models/a%2Fb/c").empty());
  CHECK(name_of(Method::get, "/api/models/a/b%2Frefs").empty());
  CHECK(name_of(Method::get, "/api%2Fmodels/a/b").empty());
  CHECK(name_of(Method::get, "/datasets%2Fa/b").empty());
}

TEST_CASE("router: the best shape decides about the method", "[daemon][router]") {
  const auto wrong = find(Method::put, "/api/models/a/b");
  CHECK_FALSE(wrong.route);
  CHECK(wrong.allow == "GET, HEAD, DELETE, OPTIONS");
  // A looser row that has the method is no way around the tighter one that lacks it.
  const auto loose = find(Method::put, "/api/models/a/b/refs");
  CHECK_FALSE(loose.route);
  CHECK(loose.allow == "GET, HEAD, OPTIONS");
  CHECK(name_of(Method::put, "/api/other/a/b/refs") == "loose");
  CHECK(find(Method::get, "/x/y/z/nothing").allow.empty());
}

TEST_CASE("router: malformed templates are named", "[daemon][router]") {
  const std::vector<Route> rows = {
      {Method::get, "/a/{rest...}/b", "bad", Policy::none, {}, nullptr, ""},
      {Method::get, "/a/{b", "bad", Policy::none, {}, nullptr, ""}};
  CHECK(Router(rows).problems().size() == 2);
}

TEST_CASE("router: method names", "[daemon][router]") {
  for (const auto* name : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
    CHECK(method_name(*parse_method(name)) == name);
  CHECK_FALSE(parse_method("get"));
  CHECK_FALSE(parse_method("TRACE"));
}

TEST_CASE("router: what stands in brackets may be left out", "[daemon][router]") {
  for (const auto* path :
       {"/xet/a/v1/chunks/b", "/xet/a/v1/chunk/b", "/xet/a/chunks/b", "/xet/a/chunk/b"}) {
    CAPTURE(path);
    const auto routing = find(Method::get, path);
    REQUIRE(routing.route);
    CHECK(routing.route->name == "optional");
    CHECK(routing.captures.at("x") == "a");
    CHECK(routing.captures.at("y") == "b");
  }
  CHECK(name_of(Method::get, "/xet/a/v2/chunks/b").empty());
  CHECK(name_of(Method::get, "/xet/a/chunkss/b").empty());
}

}  // namespace waag::daemon
