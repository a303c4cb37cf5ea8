#include "cli/cert/file_looks.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/cli/cert/signed_sample.h"
#include "tests/cli/fake_http.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::cli;
using waag::certificate::testing::sample_certificate;
using waag::cli::testing::FakeHttp;
using waag::testing::TempFolder;

namespace {

struct Fixture {
  explicit Fixture(unsigned columns = 0)
      : world{http, out, err, in, [](const auto&) { return std::nullopt; }, columns} {}
  FakeHttp http;
  std::ostringstream out, err;
  std::istringstream in;
  World world;
  Context context{world, Hub(http, "http://hub", ""), false};
};

certificate::File file_of(const std::string& path, const std::string& content) {
  return {path, sha256(as_bytes(content)), content.size()};
}

}  // namespace

TEST_CASE("cert looks: in a repo", "[cli][cert]") {
  Fixture with;
  RepoAt repo(with.context, {"ada", "tiny", "model"});
  const auto large = sha256(as_bytes("weights"));
  with.http.replies = {{200, R"({"sha":")" + std::string(40, 'c') + R"("})", ""},
                       {200,
                        R"([{"type":"file","path":"m.gguf","size":7,"lfs":{"size":7,"oid":")" +
                            large.hex() + R"("}},{"type":"file","path":"a.txt","size":5}])",
                        ""}};
  REQUIRE_FALSE(repo.open("main"));
  LookInRepo look(repo);
  CHECK_FALSE(look(file_of("m.gguf", "weights")));
  CHECK_THAT(*look(file_of("m.gguf", "Weights")), Catch::Contains("its SHA-256 is " + large.hex()));
  CHECK(*look(file_of("m.gguf", "weight")) == "has 7 bytes, not 6");
  CHECK(*look(file_of("n.gguf", "weights")) == "is not in the repo");
  CHECK(with.http.seen.size() == 2);  // nothing was fetched for these

  with.http.replies = {{200, "words", ""}, {200, "wordy", ""}, {503, "", ""}, {200, "words", ""}};
  CHECK_FALSE(look(file_of("a.txt", "words")));
  CHECK_THAT(*look(file_of("a.txt", "words")), Catch::Contains("its SHA-256 is"));
  CHECK_FALSE(look.failure());
  CHECK(*look(file_of("a.txt", "words")) == "HTTP 503");
  CHECK_FALSE(look(file_of("a.txt", "words")));
  CHECK(look.failure()->status == 503);
}

TEST_CASE("cert looks: in a folder", "[cli][cert]") {
  TempFolder folder;
  std::filesystem::create_directory(folder.path() / "d");
  std::ofstream(folder.path() / "d/m.gguf") << "weights";
  std::filesystem::create_symlink(folder.path() / "d/m.gguf", folder.path() / "link");
  Fixture with;
  LookInFolder look(with.context, folder.path(), {});
  CHECK_FALSE(look(file_of("d/m.gguf", "weights")));
  CHECK_FALSE(look(file_of("link", "weights")));
  CHECK_THAT(*look(file_of("d/m.gguf", "Weights")), Catch::Contains("its SHA-256 is"));
  CHECK(*look(file_of("d/m.gguf", "weight")) == "has 7 bytes, not 6");
  CHECK_THAT(*look(file_of("none", "weights")), Catch::Contains("is not in "));
  CHECK_THAT(*look(file_of("d", "")), Catch::Contains("is not in "));
  CHECK(with.out.str().empty());
}

TEST_CASE("cert looks: the weights in a folder", "[cli][cert]") {
  namespace fs = std::filesystem;
  TempFolder folder;
  const auto root = folder.path() / "tiny";
  fs::create_directories(root / "a/b");
  fs::create_directories(root / ".cache");
  fs::create_directories(root / "named.gguf");
  fs::create_directories(folder.path() / "outside");
  for (const auto* path : {"z.gguf", "a/b/m.safetensors", ".cache/c.gguf", "a.txt"})
    std::ofstream(root / path) << "bytes";
  std::ofstream(folder.path() / "outside/o.gguf") << "bytes";
  fs::create_directory_symlink(folder.path() / "outside", root / "link");
  fs::create_symlink(folder.path() / "outside/o.gguf", root / "l.gguf");
  fs::create_symlink(folder.path() / "nowhere", root / "n.gguf");
  const std::vector<std::string> all = {".cache/c.gguf", "a/b/m.safetensors", "l.gguf", "z.gguf"};
  for (const auto& named : {root, root / "", root / "a/..", folder.path() / "." / "tiny"})
    CHECK(*weights_in(named) == all);
  fs::create_directory_symlink(root, folder.path() / "same");
  CHECK(*weights_in(folder.path() / "same") == all);

  const auto none = weights_in(root / "none");
  REQUIRE_FALSE(none);
  CHECK_THAT(none.error().what, Catch::StartsWith("cannot list " + (root / "none").string()));
  std::ofstream(root / "\xff.gguf") << "bytes";
  REQUIRE_FALSE(weights_in(root));
  CHECK_THAT(weights_in(root).error().what, Catch::Contains("no UTF-8"));
}

TEST_CASE("cert looks: on a terminal it shows how far it is", "[cli][cert]") {
  TempFolder folder;
  const std::string content(3 << 20, 'w');
  std::ofstream(folder.path() / "m.gguf") << content;
  Checked checked;
  checked.certificate = sample_certificate();
  checked.certificate->output_files = {file_of("m.gguf", content)};
  Fixture with(80);
  LookInFolder look(with.context, folder.path(), {checked});
  CHECK_FALSE(look(checked.certificate->output_files[0]));
  CHECK_THAT(with.out.str(), Catch::Contains("33%") && Catch::Contains("m.gguf"));
  look.end_line();
  CHECK_THAT(with.out.str(), Catch::EndsWith("\r\x1b[K"));
}
