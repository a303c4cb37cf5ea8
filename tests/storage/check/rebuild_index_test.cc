#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

namespace {

std::map<std::string, std::string> all_rows(Store& store) {
  std::map<std::string, std::string> found;
  REQUIRE(store.rows().scan("", "", [&](std::string_view key, std::string_view value) {
    found.emplace(key, value);
    return true;
  }));
  return found;
}

}  // namespace

TEST_CASE_METHOD(FsckFixture, "rebuild_index: nothing changes", "[storage][rebuild]") {
  for (const auto& step : testing::make_workload(11, 40)) REQUIRE(testing::run(*store, step));
  const auto before = all_rows(*store);
  const auto files_before = files_of(uid, last);
  CHECK(before.size() > 100);
  CHECK(rebuild_index(*disk, folder.path() / "data").error().code == Errc::conflict);  // in use
  close();
  const auto done = rebuild_index(*disk, folder.path() / "data");
  if (!done) FAIL(done.error().what);
  open();
  CHECK(all_rows(*store) == before);
  CHECK(files_of(uid, last) == files_before);
  CHECK(problems() == std::vector<std::string>{});
}

TEST_CASE_METHOD(FsckFixture, "rebuild_index: an index that is gone is no loss",
                 "[storage][rebuild]") {
  const auto before = all_rows(*store);
  close();
  std::filesystem::remove_all(folder.path() / "data" / "index");
  open();
  CHECK(all_rows(*store) == before);
}

TEST_CASE("rebuild_index: only of a store", "[storage][rebuild]") {
  const testing::TempFolder empty;
  const auto fs = make_posix_file_system();
  CHECK(rebuild_index(*fs, empty.path()).error().code == Errc::not_found);
  CHECK(std::filesystem::is_empty(empty.path()));
}

}  // namespace waag::storage
