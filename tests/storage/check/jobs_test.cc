#include "storage/meta/jobs/job_table.h"
#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck jobs: rows that cannot be right", "[storage][fsck]") {
  JobRow row;
  row.kind = "mirror";
  REQUIRE(store->jobs().add(row));
  CHECK(problems().empty());
  SECTION("of another job") {
    row.id = 2;
    put_row(keys::job(1), encode(row));
    CHECK(finds("job 1: the row is of job 2"));
  }
  SECTION("that say nothing") {
    put_row(keys::job(1), "?");
    CHECK(finds("job 1: not the row of a job"));
  }
  SECTION("whose number comes again") {
    remove_row(keys::counter("jobs"));
    CHECK(finds("job 1: its number will be given away again"));
  }
}

}  // namespace waag::storage
