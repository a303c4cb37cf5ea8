#pragma once

#include "storage/os/recording_file_system.h"
#include "tests/crash/store_check.h"
#include "tests/support/crash_image.h"

namespace waag::testing {

/// Packs and journals so small that a short workload seals, rotates and checkpoints.
/// Nothing goes on in the background and all randomness comes from `random`: the same run of one
/// thread gives the same operations in the same order.
storage::StoreOptions crash_store(const std::filesystem::path& data, storage::Random& random);

/// A short workload and what must be there after each of its steps.
struct Script {
  Script(std::uint64_t seed, std::size_t count, const std::string& owner = "");

  std::vector<Step> steps;
  std::vector<Model> models;  // models[n]: after the first n steps
};

/// What a script did to the disk of a whole store, with checkpoints and restarts in between.
struct StoreRecording {
  /// The index as a run may have left it on disk: RocksDB flushes when it likes, so this copy may
  /// be what a crash at operation `from` or any later one leaves.
  struct IndexCopy {
    std::size_t from = 0;
    std::filesystem::path folder;
  };
  std::vector<storage::FileOp> log;  // mark n: the first n steps are acknowledged
  std::vector<IndexCopy> index_copies;
};

/// Runs the first `count` steps on a new store. Throws if one fails.
/// @param root  a real folder: data/index becomes RocksDB's, which does not write through the seam;
///              its copies lie beside data/
StoreRecording record_store(const std::filesystem::path& root, const Script& script,
                            std::size_t count, std::uint64_t seed);

/// Likewise, what recovery from a crash does, and one step after it. The marks go on.
/// @param image  what the crash left; its files and names are durable in the log
/// @param acknowledged  steps that had been when it crashed
struct RecoveryRecording {
  std::vector<storage::FileOp> log;
  std::size_t begin = 0;  // operation that recovery begins with
};
RecoveryRecording record_recovery(const std::filesystem::path& root, const Script& script,
                                  const DiskImage& image, std::size_t acknowledged);

/// Opens what a crash left with real recovery, compares it with the script, takes the next step,
/// and opens it once more.
/// @param data          may hold an index; it is used
/// @param acknowledged  steps that had been when it crashed
/// @return what is wrong, one line each
std::vector<std::string> recovery_problems(storage::FileSystem& disk,
                                           const std::filesystem::path& data, const Script& script,
                                           std::size_t acknowledged);

}  // namespace waag::testing
