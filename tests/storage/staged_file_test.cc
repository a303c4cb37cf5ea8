#include "storage/staged_file.h"

#include "protocol/git/object.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "staged file: git's id and the same bytes at every size",
                 "[storage][staged]") {
  const std::uint32_t edge = staged_bytes_max;
  for (const std::uint32_t bytes : {0u, 1u, edge - 1, edge, edge + 1, 3 * edge + 5}) {
    CAPTURE(bytes);
    const auto content = testing::noise(bytes, bytes);
    auto file = store->stage_file();
    REQUIRE(file);
    const std::size_t step = bytes / 3 + 1;  // in three writes, across the edge
    for (std::size_t at = 0; at < content.size(); at += step)
      REQUIRE((*file)->write(as_bytes(std::string_view(content).substr(at, step))));
    const auto done = (*file)->finish();
    REQUIRE(done);
    CHECK(done->git_id == git::blob_id(as_bytes(content)));
    CHECK(done->size_bytes == bytes);
    CHECK(done->blob.has_value() == (bytes > edge));
    if (done->blob) CHECK(*done->blob == sha256(as_bytes(content)));
    auto reader = store->open_git_blob(done->git_id);
    REQUIRE(reader);
    CHECK(read(**reader) == content);
  }
  CHECK(stage("").hex() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST_CASE_METHOD(StoreFixture, "staged file: known content is not stored twice, durable at once",
                 "[storage][staged]") {
  const auto pack_bytes = [&] {
    std::uintmax_t sum = 0;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(folder.path() / "data" / "packs"))
      if (file.is_regular_file()) sum += file.file_size();
    return sum;
  };
  const auto small = testing::noise(1, 5000);
  const auto large = testing::noise(2, 200'000);
  const auto small_id = stage(small);
  const auto large_id = stage(large);
  const auto before = pack_bytes();
  CHECK(stage(small) == small_id);
  CHECK(stage(large) == large_id);
  CHECK(pack_bytes() == before);
  reopen();
  CHECK(read(**store->open_git_blob(small_id)) == small);
  CHECK(read(**store->open_git_blob(large_id)) == large);
  CHECK(fsck(*store)->problems.empty());
}

}  // namespace waag::storage
