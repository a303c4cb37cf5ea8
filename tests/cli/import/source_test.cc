#include "cli/import/source.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "protocol/git/object.h"
#include "tests/cli/import/cache_fixture.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::CacheFixture;

TEST_CASE_METHOD(CacheFixture, "import: a folder", "[cli][import]") {
  write("a/b/c.txt", "c");
  write("README.md", "hello");
  write(".git/config", "x");
  write(".cache/huggingface/x", "x");
  write(".gitattributes", "y");
  const auto source = folder_source(folder.path());
  REQUIRE(source);
  REQUIRE(source->files.size() == 3);
  CHECK(source->files[0].path == ".gitattributes");
  CHECK(source->files[1].path == "README.md");
  CHECK(source->files[2].path == "a/b/c.txt");
  CHECK(source->files[2].size_bytes == 1);
  CHECK(source->files[2].blob.empty());
  CHECK(verify_file(source->files[2]));
  CHECK(folder_source(folder.path() / "none").error().code == Errc::not_found);
}

TEST_CASE_METHOD(CacheFixture, "import: a cache's repos", "[cli][import]") {
  cached("models--acme--tiny", {{"config.json", "{}"}, {"sub/model.safetensors", "weights"}});
  cached("datasets--acme--rows--v2", {{"x.csv", "1,2"}});
  cached("models--gpt2", {{"a", "b"}});
  write("models--acme--empty/refs/main", std::string(40, 'b'));
  write("version.txt", "1");
  const auto sources = cache_sources(folder.path());
  REQUIRE(sources);
  REQUIRE(sources->size() == 3);
  const auto& rows = (*sources)[0];
  CHECK(rows.type == "dataset");
  CHECK(rows.ns == "acme");
  CHECK(rows.name == "rows--v2");
  CHECK((*sources)[1].ns.empty());
  CHECK((*sources)[1].name == "gpt2");
  const auto& tiny = (*sources)[2];
  CHECK(tiny.commit == commit);
  REQUIRE(tiny.files.size() == 2);
  CHECK(tiny.files[0].blob == git::blob_id(as_bytes("{}")).hex());
  CHECK(tiny.files[1].path == "sub/model.safetensors");
  CHECK(tiny.files[1].blob == sha256(as_bytes("weights")).hex());
  for (const auto& file : tiny.files) CHECK(verify_file(file));
}

TEST_CASE_METHOD(CacheFixture, "import: what is damaged or leads out", "[cli][import]") {
  cached("models--acme--tiny", {{"config.json", "{}"}, {"model.safetensors", "weights"}});
  SECTION("a changed byte") {
    const auto* content = GENERATE("{}", "weights");
    const auto name = blob_name(content[0] == '{' ? "config.json" : "model.safetensors", content);
    std::string changed(content);
    changed[1] = '!';
    write("models--acme--tiny/blobs/" + name, changed);
    const auto sources = cache_sources(folder.path());
    REQUIRE(sources);
    std::size_t bad = 0;
    for (const auto& file : sources->front().files) {
      const auto whole = verify_file(file);
      if (whole) continue;
      ++bad;
      CHECK(whole.error().code == Errc::corrupt);
    }
    CHECK(bad == 1);
  }
  SECTION("a link to somewhere else") {
    write("secret", "s");
    std::filesystem::create_symlink(folder.path() / "secret", folder.path() / "models--acme--tiny" /
                                                                  "snapshots" / commit / "leak");
    CHECK(cache_sources(folder.path()).error().code == Errc::invalid_argument);
  }
}
