#include "daemon/catalog/weight_reader.h"

#include "tests/support/store_fixture.h"
#include "tests/support/weight_files.h"
#include "tests/vectors/gguf_builder.h"

using namespace waag;
using namespace waag::daemon;
using waag::test::GgufBuilder;
using waag::testing::safetensors_file;
using waag::testing::StoreFixture;

namespace {

struct Files : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  storage::TreeEntry file(const storage::Change& change) {
    const auto at = snapshot(uid, commit(uid, {change}));
    auto entry = at->stat(change.path);
    REQUIRE(entry);
    return *entry;
  }
};

std::string gguf_file(std::size_t padding) {
  GgufBuilder builder;
  builder.start(1, 2).pair_text("general.architecture", "llama");
  builder.pair_text("padding", std::string(padding, 'x'));
  builder.tensor("a", {32, 4}, 8, 0);
  auto file = std::string(as_text(builder.header()));
  file.resize((file.size() + 31) / 32 * 32 + 4 * 34, '\0');
  return file;
}

}  // namespace

TEST_CASE("weight_reader: safetensors, as LFS and as a plain file", "[daemon][catalog]") {
  Files files;
  WeightReader reader(*files.store);
  const auto content = safetensors_file(10, 3);
  const model::ParameterCounts counts{{"BF16", 10}, {"F32", 3}};
  CHECK(reader.read(files.file(files.put_lfs("m.safetensors", content)))->counts == counts);
  CHECK(reader.read(files.file(files.put("n.safetensors", content)))->counts == counts);
}

TEST_CASE("weight_reader: GGUF whatever the size of its header", "[daemon][catalog]") {
  Files files;
  WeightReader reader(*files.store);
  const auto padding = GENERATE(10u, 3u << 20);
  const auto facts = reader.read(files.file(files.put_lfs("m.gguf", gguf_file(padding))));
  REQUIRE(facts->gguf);
  CHECK(facts->gguf->total == 128);
  CHECK(facts->gguf->architecture == "llama");
}

TEST_CASE("weight_reader: malformed files say nothing", "[daemon][catalog]") {
  Files files;
  WeightReader reader(*files.store);
  for (const auto* path : {"m.safetensors", "m.gguf"}) {
    for (const auto& content : {std::string("GGUF"), std::string(100, '\xff'), std::string("x")}) {
      const auto facts = reader.read(files.file(files.put(path, content)));
      CHECK(facts->counts.empty());
      CHECK_FALSE(facts->gguf);
    }
  }
}

TEST_CASE("weight_reader: the front of a file", "[daemon][catalog]") {
  Files files;
  const auto entry = files.file(files.put_lfs("a", "content"));
  CHECK(read_front(*files.store, entry, 100) == "content");
  CHECK(read_front(*files.store, entry, 3) == "con");
  auto missing = entry;
  missing.lfs->id = sha256(as_bytes("never stored"));
  CHECK(read_front(*files.store, missing, 100).empty());
}
