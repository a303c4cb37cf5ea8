#pragma once

#include <map>
#include <mutex>

#include "storage/store.h"

namespace waag::daemon {

/// What the files of mirrored repos take, each repo's counted apart. A repo is read again only when
/// files were linked to it or taken from it. Thread-safe.
class FilledBytes {
 public:
  /// @param bytes_max  mirror.fill_bytes_max; 0: any number
  FilledBytes(storage::Store& store, std::uint64_t bytes_max)
      : store_(store), bytes_max_(bytes_max) {}

  /// LFS files alone: the others are small. Blocks.
  Result<std::uint64_t> total();
  /// Whether so many more may come. Errc::no_space. Blocks.
  Status admit(std::uint64_t more_bytes);

 private:
  struct Known {
    std::uint64_t version = 0;  // of the repo's links
    std::uint64_t bytes = 0;
  };
  Result<Known> read(std::uint64_t uid) const;

  storage::Store& store_;
  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::map<std::uint64_t, Known> known_;
};

}  // namespace waag::daemon
