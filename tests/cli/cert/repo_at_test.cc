#include "cli/cert/repo_at.h"

#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::FakeHttp;

namespace {

const std::string commit(40, 'c');
const HttpReply info{200, R"({"sha":")" + commit + R"("})", ""};

struct Fixture {
  FakeHttp http;
  std::ostringstream out, err;
  std::istringstream in;
  World world{http, out, err, in, [](const auto&) { return std::nullopt; }};
  Context context{world, Hub(http, "http://hub", "hf_secret"), false};
  RepoAt repo{context, {"ada", "tiny-GGUF", "model"}};
};

}  // namespace

TEST_CASE("repo_at: all that is asked is of one commit", "[cli][cert]") {
  Fixture with;
  const std::string oid(64, 'e');
  with.http.replies = {
      info,
      {200,
       R"([{"type":"file","path":"a.txt","size":5,"oid":"x"},{"type":"directory","path":"d"},)"
       R"({"type":"file","path":"d/m.gguf","size":7,"lfs":{"oid":")" +
           oid + R"(","size":7,"pointerSize":1}}])",
       ""},
      {200, "words", ""},
      {200, "words", ""}};
  REQUIRE_FALSE(with.repo.open("feat/x"));
  CHECK(with.repo.commit() == commit);
  REQUIRE(with.repo.files().size() == 2);
  CHECK_FALSE(with.repo.files().at("a.txt").lfs);
  CHECK(with.repo.files().at("d/m.gguf").lfs->hex() == oid);
  std::string text;
  REQUIRE_FALSE(with.repo.read("d/a b", 100, text));
  CHECK(text == "words");
  text.clear();
  REQUIRE_FALSE(with.repo.read("a.txt", 3, text));
  CHECK(text == "wor");
  CHECK(with.http.seen.at(0).url == "http://hub/api/models/ada/tiny-GGUF/revision/feat%2Fx");
  CHECK(with.http.seen.at(1).url ==
        "http://hub/api/models/ada/tiny-GGUF/tree/" + commit + "?recursive=true");
  CHECK(with.http.seen.at(2).url == "http://hub/ada/tiny-GGUF/resolve/" + commit + "/d/a%20b");
  CHECK(with.http.seen.at(2).token == "hf_secret");
}

TEST_CASE("repo_at: a hub that makes no sense", "[cli][cert]") {
  Fixture with;
  with.http.replies = {{404, R"({"error":"no such repo"})", ""}};
  CHECK(with.repo.open("main")->text == "no such repo (HTTP 404)");
  with.http.replies = {{200, R"({"sha":"../../x"})", ""}};
  CHECK(with.repo.open("main")->text == "the hub names no commit");
  with.http.replies = {info,
                       {200,
                        R"([{"type":"file","path":"a","size":-1},{"type":"file",)"
                        R"("path":"b","lfs":{"oid":"no","size":1}},7,{}])",
                        ""}};
  CHECK_FALSE(with.repo.open("main"));
  CHECK(with.repo.files().empty());
  CHECK(with.repo.open("main")->status == 0);
}
