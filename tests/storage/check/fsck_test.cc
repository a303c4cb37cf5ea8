#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck: a whole store has no problems", "[storage][fsck]") {
  CHECK(problems() == std::vector<std::string>{});
  const auto report = fsck(*store);
  CHECK(report->blobs == 2);
  CHECK(report->commits == 2);
  CHECK(report->refs == 1);
  CHECK(report->packs >= 2);
  CHECK(report->records > 5);
}

TEST_CASE_METHOD(FsckFixture, "fsck: a workload of every operation leaves a whole store",
                 "[storage][fsck]") {
  const auto seed = GENERATE(3, 4);
  CAPTURE(seed);
  for (const auto& step : testing::make_workload(static_cast<std::uint64_t>(seed), 60)) {
    const auto done = testing::run(*store, step);
    if (!done) FAIL(done.error().what);
  }
  CHECK(problems() == std::vector<std::string>{});
  reopen();
  CHECK(problems() == std::vector<std::string>{});
}

}  // namespace waag::storage
