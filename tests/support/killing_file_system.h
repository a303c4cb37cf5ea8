#pragma once

#include <memory>

#include "storage/os/file_system.h"

namespace waag::testing {

/// How a process dies at its n-th change of the disk.
enum class Death : std::uint8_t {
  before,  // the operation has not happened
  half,    // a write has put down its first half; other operations as `before`
  after,   // the operation has happened, nobody has been told
};

/// Passes everything on to `inner`, counts changes (write, sync, truncate, create, rename, remove,
/// sync_dir), and ends the process with SIGKILL at change number `at` (from 1; 0 = never). Every
/// change is thus a marked kill point, without a mark in the code under test.
std::unique_ptr<storage::FileSystem> make_killing_file_system(
    std::unique_ptr<storage::FileSystem> inner, std::uint64_t at, Death death,
    std::uint64_t* changes);

}  // namespace waag::testing
