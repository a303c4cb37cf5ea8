#pragma once

#include <set>
#include <string>

#include "storage/meta/repo_rows.h"

namespace waag::storage {

/// One LFS file that some commit of some ref names.
struct LfsFile {
  BlobId id;
  std::uint64_t size_bytes = 0;
  std::string path;  // where the oldest commit has it
  TimeMs pushed{};   // that commit's date
  std::string ref;   // full name of a ref that reaches it; main before others
};

struct LfsRemoval {
  std::uint64_t repo_uid = 0;
  std::set<BlobId> files;
  std::string user;  // for the ref logs
};

}  // namespace waag::storage
