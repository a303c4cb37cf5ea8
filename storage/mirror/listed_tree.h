#pragma once

#include "storage/mirror/mirrors.h"

namespace waag::storage {

/// The tree of a listing, and the rows that its files need. Modes are not listed: every file is a
/// plain one until the upstream's own trees come with its history.
struct ListedTree {
  GitId root;
  std::vector<Row> rows;
};

/// Adds trees and LFS pointers to `objects`.
/// @param proven  whether the repo has this regular file's bytes from its upstream already
/// @return Errc::unprocessable if paths clash, or a pointer is not what its id says
Result<ListedTree> build_listed_tree(ObjectCache& cache, std::uint64_t uid,
                                     const std::vector<ListedFile>& files,
                                     const std::function<Result<bool>(const ListedFile&)>& proven,
                                     ObjectWriter& objects);

}  // namespace waag::storage
