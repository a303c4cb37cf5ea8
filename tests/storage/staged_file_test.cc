#include "storage/staged_file.h"

#include "protocol/git/object.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "staged file: git's id and the same bytes at every size",
                 "[storage][staged]") {
  const auto uid = make_repo("tiny");
  const std::uint32_t edge = staged_bytes_max;
  for (const std::uint32_t bytes : {0u, 1u, edge - 1, edge, edge + 1, 3 * edge + 5}) {
    CAPTURE(bytes);
    const auto content = testing::noise(bytes, bytes);
    Change change;
    change.path = "a";
    auto made = request(uid, {});
    made.staged = store->staging_area();
    auto file = made.staged->file();
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
    change.blob = done->git_id;
    made.changes.push_back(change);
    const auto outcome = store->commit(made);
    REQUIRE(outcome);
    CHECK(files_of(uid, outcome->commit).at("a") == content);
  }
  CHECK(stage("").hex() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

}  // namespace waag::storage
