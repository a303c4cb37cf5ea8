#include <set>

#include <boost/json/serialize.hpp>

#include "protocol/http/guard.h"
#include "protocol/http/url_path.h"
#include "tests/daemon/hub_fixture.h"

/// Names that were made to hurt: of files, repos, branches and users, each refused or accepted on
/// purpose. docs/NAMES.md says why; a line here and a line there change together.

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using namespace std::string_literals;

namespace {

std::string quoted(const std::string& text) {
  return boost::json::serialize(boost::json::value(text));
}

std::string commit_line(const std::string& path) {
  return R"({"key":"file","value":{"path":)" + quoted(path) +
         R"(,"encoding":"utf-8","content":"x"}})" + "\n";
}

std::string resolve_path(const std::string& path) {
  return "/ada/x/resolve/main/" + http::percent_encode(path, http::Slash::keep);
}

/// The status of a request, of which the guard in front of the router may have let nothing in.
unsigned status_of(HubFixture& hub, const std::string& method, const std::string& target,
                   const std::string& token) {
  const auto verdict =
      http::guard_request_head(method + " " + target + " HTTP/1.1\r\nHost: hub:8080\r\n\r\n");
  return verdict ? hub.ask({method, target, token, "{}", "", nullptr}).status : verdict.status;
}

// What is refused would leave the folder, run, or be another file on some client's system.
const std::vector<std::string> refused_paths = {
    // traversal and absolute
    "..", "../x", "a/../../x", "a/..", "./x", "a/./b", "/etc/passwd", "//x", "a//b", "a/", "",
    "...", "a/ ../b", "a/.. /b", ". .", " ",
    // other separators and drives
    "..\\x", "a\\b", "\\\\host\\share\\x", "C:x", "c:/windows/win.ini", "a/Z:/b",
    // repositories inside the repository
    ".git", ".git/config", "a/.git/hooks/post-checkout", ".GIT/config", ".gIt", ".git ", ".git.",
    ".git...", ".git/", "git~1", "GIT~1/config", ".git::$INDEX_ALLOCATION", ".git:x",
    ".g\u200cit/config", ".git\u200d", "\u202e.git", "\ufeff.git",
    // NUL, line ends, controls, C1 controls, bytes that are no UTF-8
    "a\0b"s, "\0"s, "a\nb", "a\rb", "a\r\nX-Header: y", "a\tb", "a\x1b[2Jb", "a\x7f", "a\u0085b",
    "a\u009b31m",
    // too long, too deep
    std::string(1025, 'a'), std::string(1024, 'a') + "/b"};

// What is accepted is an ordinary name somewhere, and public repositories have it.
const std::vector<std::string> accepted_paths = {
    // devices of Windows and names that it shortens: warned about by clients, found in datasets
    "CON", "aux.py", "a/nul.txt", "COM1", "lpt9.log", "PRN", "trailing.", "trailing ", "a~1",
    // text that reads backwards or looks like another: a name is bytes
    "photo\u202egpj.exe", "\u2066x\u2069", "\u0430dmin.txt", "zero\u200bwidth", "e\u0301", "\u00e9",
    // shells, URLs and formulas
    "-rf", "--help", "$(reboot)", "`id`", "a;b", "a|b", "a&b", "a'b\"c", "<script>", "*", "a?b=c#d",
    "%2e%2e", "%00", "..%2f", "=cmd()", "~", "~root", "http:", "2024-01-01T10:00:00.json",
    // near misses of what is refused
    "..a", "a..", ".gitx", "x.git", ".git2/config", "git", ".gitignore", ".gitmodules",
    // case twins live side by side
    "README", "readme", "ReadMe",
    // exactly at the limits
    std::string(1024, 'b')};

}  // namespace

TEST_CASE("hostile names: file paths that are refused change nothing", "[daemon][names]") {
  HubFixture hub;
  hub.make_repo("x");
  const auto before = hub.get("/api/models/ada/x").header("X-Repo-Commit");
  for (const auto& path : refused_paths) {
    CAPTURE(path);
    const auto reply = hub.commit("ada/x", commit_line(path));
    CHECK((reply.status == 422 || reply.status == 400));
    CHECK(reply.header("X-Error-Message").find('\n') == std::string::npos);
    const auto copy = R"({"key":"copyFile","value":{"srcPath":".gitattributes","path":)"s;
    const auto copied = hub.commit("ada/x", copy + quoted(path) + "}}\n");
    CHECK(copied.status >= 400);
    CHECK(copied.status < 500);
  }
  CHECK(hub.get("/api/models/ada/x").header("X-Repo-Commit") == before);
}

TEST_CASE("hostile names: a refused path names nothing to readers either", "[daemon][names]") {
  HubFixture hub;
  hub.make_repo("x");
  for (const auto& path : refused_paths) {
    CAPTURE(path);
    for (const auto& token : {hub.ada, std::string()}) {
      const auto status = status_of(hub, "GET", resolve_path(path), token);
      CHECK(status >= 400);
      CHECK(status < 500);
    }
    const auto asked = R"({"paths":[)" + quoted(path) + "]}";
    const auto info = hub.post("/api/models/ada/x/paths-info/main", hub.ada, asked,
                               "Content-Type: application/json\r\n");
    CHECK(info.status < 500);
    if (info.status == 200 && !path.empty()) CHECK(info.body == "[]");
  }
}

TEST_CASE("hostile names: file paths that are accepted come back as they were", "[daemon][names]") {
  HubFixture hub;
  hub.make_repo("x");
  std::string lines;
  for (const auto& path : accepted_paths)
    lines += R"({"key":"file","value":{"path":)" + quoted(path) +
             R"(,"encoding":"utf-8","content":)" + quoted("of " + path) + "}}\n";
  hub.committed("ada/x", lines);
  std::set<std::string> listed;
  const auto tree = hub.get("/api/models/ada/x/tree/main?recursive=true");
  for (const auto& entry : tree.json().as_array()) listed.emplace(entry.at("path").as_string());
  for (const auto& path : accepted_paths) {
    CAPTURE(path);
    CHECK(listed.contains(path));
    const auto reply = hub.get(resolve_path(path));
    CHECK(reply.status == 200);
    CHECK(reply.body == "of " + path);
    // The name ends where the header does, whatever stands in it.
    const auto disposition = reply.header("Content-Disposition");
    CHECK(disposition.find_first_of("\r\n") == std::string::npos);
    CHECK(disposition.ends_with(';'));
  }
}

TEST_CASE("hostile names: repos", "[daemon][names]") {
  HubFixture hub;
  for (const auto& name : {".."s,   "."s,        ".git"s,    "x.git"s,   "-x"s,
                           "x-"s,   ".x"s,       "x."s,      "a--b"s,    "a..b"s,
                           "a b"s,  "a/b/c"s,    "a\\b"s,    "a%2fb"s,   "a\0b"s,
                           "a\nb"s, "\u0430da"s, "\u202ex"s, "e\u0301"s, "a:b"s,
                           "a+b"s,  ""s,         "resolve"s, "Tree"s,    std::string(97, 'a')}) {
    CAPTURE(name);
    const auto reply = hub.post("/api/repos/create", hub.ada, R"({"name":)" + quoted(name) + "}");
    CHECK(reply.status >= 400);
    CHECK(reply.status < 500);
  }
  CHECK(hub.get("/api/models", hub.ada).body == "[]");
  // Device names, and what reads like a command or a route, are repos like any other.
  for (const auto& name :
       {"CON"s, "aux"s, "settings"s, "api"s, "main"s, "x_y.z-1"s, std::string(96, 'a')}) {
    CAPTURE(name);
    hub.make_repo(name);
    CHECK(hub.get("/api/models/ada/" + name).status == 200);
    CHECK(hub.get("/ada/" + name + "/resolve/main/.gitattributes").status == 200);
  }
  // Twins in case alone are one repo.
  CHECK(hub.post("/api/repos/create", hub.ada, R"({"name":"con"})").status == 409);
  CHECK(hub.post("/api/repos/create", hub.ada, R"({"name":"AUX"})").status == 409);
}

TEST_CASE("hostile names: branches and tags", "[daemon][names]") {
  HubFixture hub;
  hub.make_repo("x");
  for (const auto& name :
       {".."s, "a..b"s, "a.lock"s, ".a"s, "-a"s, "a b"s, "a~1"s, "a^"s, "a:b"s, "a*"s, "a[b"s,
        "a@{1}"s, "@"s, "HEAD"s, "refs"s, "a."s, "a\x7f"s, std::string(256, 'a')}) {
    CAPTURE(name);
    const auto path = http::percent_encode(name, http::Slash::encode);
    CHECK(status_of(hub, "POST", "/api/models/ada/x/branch/" + path, hub.ada) == 400);
    const auto tag =
        hub.post("/api/models/ada/x/tag/main", hub.ada, R"({"tag":)" + quoted(name) + "}");
    CHECK(tag.status == 400);
  }
  CHECK(hub.get("/api/models/ada/x/refs").json().at("branches").as_array().size() == 1);
  CHECK(hub.get("/api/models/ada/x/refs").json().at("tags").as_array().empty());
  for (const auto& name : {"CON"s, "feat/x"s, "\u202eniam"s, "Main"s, "$(id)"s}) {
    CAPTURE(name);
    const auto path = http::percent_encode(name, http::Slash::encode);
    CHECK(hub.post("/api/models/ada/x/branch/" + path, hub.ada, "{}").status == 200);
    CHECK(hub.get("/ada/x/resolve/" + path + "/.gitattributes").status == 200);
  }
}

TEST_CASE("hostile names: users", "[daemon][names]") {
  HubFixture hub;
  for (const auto& name :
       {".."s, "api"s, "datasets"s, "spaces"s, "models"s, "a/b"s, "a\\b"s, "a b"s, "a\nb"s, "a\0b"s,
        "\u0430da"s, "ADA"s, "-a"s, "a.git"s, ""s, std::string(97, 'a')}) {
    CAPTURE(name);
    const auto reply = hub.post("/api/waag/v1/users", hub.root, R"({"name":)" + quoted(name) + "}");
    CHECK(reply.status >= 400);
    CHECK(reply.status < 500);
  }
}
