#include "storage/check/examiner.h"

namespace waag::storage {

Result<FsckReport> fsck(Store& store) {
  FsckReport report;
  const check::Examiner examiner{store.rows(), store.packs(), report};
  check::check_packs(examiner);
  check::check_extents(examiner);
  check::check_blobs(examiner);
  check::check_repos(examiner);
  check::check_likes(examiner);
  check::check_discussions(examiner);
  check::check_accounts(examiner);
  check::check_jobs(examiner);
  return report;
}

}  // namespace waag::storage
