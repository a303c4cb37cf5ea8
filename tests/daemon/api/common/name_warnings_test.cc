#include "daemon/api/common/name_warnings.h"

#include "tests/daemon/hub_fixture.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::testing::StoreFixture;

namespace {

struct Repo : StoreFixture {
  std::uint64_t uid = make_repo("tiny");

  std::vector<std::string> texts(std::vector<storage::Change> changes) {
    const auto warnings = name_warnings(*snapshot(uid, commit(uid, changes)), changes);
    REQUIRE(warnings);
    std::vector<std::string> found;
    for (const auto& warning : *warnings)
      found.push_back(std::string(warning.topic) + ": " + warning.text);
    return found;
  }
};

using Texts = std::vector<std::string>;
constexpr const char* unfit = "windows-names: Windows cannot have files of these names: ";
constexpr const char* twin =
    "case-twins: A file system without case keeps only one of two names that differ in case "
    "alone: ";

}  // namespace

TEST_CASE("name_warnings: ordinary names have none", "[daemon][name_warnings]") {
  Repo repo;
  CHECK(repo.texts({repo.put("README.md", "1"), repo.put("a/b/c.txt", "1"),
                    repo.put("a/B.txt", "1"), repo.put("b", "1")}) == Texts{});
  CHECK(repo.texts({repo.put("README.md", "2")}) == Texts{});
}

TEST_CASE("name_warnings: names of devices", "[daemon][name_warnings]") {
  Repo repo;
  CHECK(repo.texts({repo.put("src/aux.py", "1"), repo.put("ok", "1"), repo.put("end.", "1")}) ==
        Texts{std::string(unfit) + R"("src/aux.py", "end.")"});
  CHECK(repo.texts({StoreFixture::remove("end.")}) == Texts{});
  std::vector<storage::Change> many;
  for (const auto* name : {"con.1", "con.2", "con.3", "con.4", "con.5", "con.6", "con.7"})
    many.push_back(repo.put(name, "1"));
  CHECK(repo.texts(many) ==
        Texts{std::string(unfit) + R"("con.1", "con.2", "con.3", "con.4", "con.5" and 2 more)"});
}

TEST_CASE("name_warnings: twins of files and folders", "[daemon][name_warnings]") {
  Repo repo;
  CHECK(repo.texts({repo.put("Readme", "1"), repo.put("README", "1")}) ==
        Texts{std::string(twin) + R"("Readme" beside "README")"});
  CHECK(repo.texts({repo.put("docs/a", "1")}) == Texts{});
  CHECK(repo.texts({repo.put("Docs/b/c", "1")}) ==
        Texts{std::string(twin) + R"("docs" beside "Docs")"});
  CHECK(repo.texts({repo.put("docs/A", "1")}) ==
        Texts{std::string(twin) + R"("Docs" beside "docs", "docs/a" beside "A")"});
  CHECK(repo.texts({StoreFixture::remove("docs/A")}) == Texts{});
}

TEST_CASE("name_warnings: a header is short and ASCII", "[daemon][name_warnings]") {
  CHECK(header_text({"topic", "a\xC3\xA9\n"}) == "topic; a???");
  const auto text = header_text({"topic", std::string(5000, 'x')});
  CHECK(text.size() < 600);
  CHECK(text.ends_with("x..."));
}

TEST_CASE("name_warnings: in the reply to a commit", "[daemon][name_warnings]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto plain = hub.commit("ada/tiny", HubFixture::file_line("fine", "x"));
  CHECK(plain.json().at("hookOutput") == "");
  CHECK(plain.header("X-HF-Warning").empty());
  const auto warned = hub.commit("ada/tiny", HubFixture::file_line("\xC3\xA9/nul", "x"));
  REQUIRE(warned.status == 200);
  CHECK(warned.json().at("hookOutput") ==
        "Warning: Windows cannot have files of these names: \"\xC3\xA9/nul\"\n");
  CHECK(warned.header("X-HF-Warning") ==
        "windows-names; Windows cannot have files of these names: \"?"
        "?/nul\"");
}
