#include "daemon/http/router.h"
#include "daemon/http/routes.h"
#include "tests/daemon/hub_fixture.h"

/// Every route of a repo, asked in many ways by who has no access: not one may give out what stands
/// in a gated repo's files, or anything at all of a disabled repo. A new route is tried by itself.

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

const std::string words = "the words of the file that nobody else may read";
const std::string weights = "the bytes of the weights that nobody else may read";

struct ClosedHub : HubFixture {
  std::string commit_id;
  unsigned asked = 0;

  explicit ClosedHub(const std::string& settings) {
    make_repo("tiny");
    upload("ada/tiny", weights);
    commit_id = committed("ada/tiny", file_line("a.txt", words) + lfs_line("w.bin", weights));
    const auto pull = header_line("s") + file_line("a.txt", words + " changed");
    REQUIRE(post("/api/models/ada/tiny/commit/main?create_pr=1", ada, pull).status == 200);
    const auto changed = ask({"PUT", "/api/models/ada/tiny/settings", root, settings, "", nullptr});
    REQUIRE(changed.status == 200);
  }

  static void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }

  /// The route's path for ada/tiny with `rest` for whatever it leaves open.
  static std::string target_of(const Route& route, const std::string& rest) {
    std::string target(route.path);
    replace_all(target, "/{web}", "");
    replace_all(target, "{type}", "models");
    replace_all(target, "{ns}", "ada");
    replace_all(target, "{name}", "tiny");
    replace_all(target, "{name.git}", "tiny.git");
    for (auto open = target.find('{'); open != std::string::npos; open = target.find('{'))
      target.replace(open, target.find('}') - open + 1, rest);
    return target;
  }

  /// Calls `check` with the reply to each way of asking a route.
  template <class Check>
  void sweep(Check check) {
    const std::string lfs = R"({"operation":"download","objects":[{"oid":")" + oid(weights).hex() +
                            R"(","size":)" + std::to_string(weights.size()) + "}]}";
    for (const Route& route : routes()) {
      if (route.path.find("{ns}") == std::string_view::npos || route.method == Method::del)
        continue;
      for (const auto& rest :
           {std::string("main"), std::string("main/a.txt"), std::string("main/w.bin"),
            commit_id + "/a.txt", "main.." + commit_id, std::string("refs%2Fpr%2F1/a.txt"),
            std::string("1"), commit_id})
        for (const auto* query : {"", "?diff=1&expand=cardData", "?service=git-upload-pack"})
          for (const auto& body : {std::string("{}"), lfs, std::string("0000"),
                                   std::string(R"({"paths":["a.txt","w.bin"],"expand":true})")})
            for (const auto& token : {bob, std::string()}) {
              if (route.method == Method::get && body != "{}") continue;
              const auto method = std::string(method_name(route.method));
              const auto target = target_of(route, rest) + query;
              CAPTURE(method, target, body, token.empty());
              check(ask({method, target, token, method == "GET" ? "" : body, "", nullptr}));
              ++asked;
            }
    }
    CHECK(asked > 1000);
  }
};

}  // namespace

TEST_CASE("closed repos: no route gives out what stands in gated files", "[daemon][access]") {
  ClosedHub hub(R"({"gated":"manual"})");
  unsigned answered = 0;
  hub.sweep([&](const auto& reply) {
    CHECK(reply.body.find("nobody else may read") == std::string::npos);
    CHECK(reply.body.find("PACK") == std::string::npos);
    CHECK(reply.body.find("\"href\"") == std::string::npos);
    CHECK(reply.status < 500);
    if (reply.status == 200) ++answered;
  });
  CHECK(answered > 50);  // metadata is public: it did ask for something
}

TEST_CASE("closed repos: no route gives out anything of a disabled repo", "[daemon][access]") {
  ClosedHub hub(R"({"disabled":true})");
  hub.sweep([](const auto& reply) {
    CHECK(reply.status >= 400);
    CHECK(reply.status < 500);
    CHECK(reply.body.find("nobody else may read") == std::string::npos);
  });
}
