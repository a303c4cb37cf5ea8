#pragma once

#include <map>
#include <set>

#include "storage/os/recording_file_system.h"

// Crash images: every state that a disk may be in after a power cut, built from the log of a
// RecordingFileSystem. Use:
//
//   MemoryFileSystem memory;  RecordingFileSystem disk(memory);
//   memory.create_dir(data);                       // exists before recording: part of every image
//   ... run the workload on `disk`; after each acknowledgement disk.mark(number) ...
//   CrashImages images(disk.log(), {data});
//   for (each cut in 0 .. images.cuts())
//     const auto image = images.at(cut, Survival::torn_512, seed);
//     MemoryFileSystem after;  image.restore(after);      // or any other FileSystem
//     open the store on `after`; it must hold all of images.marks(cut), and of what was under way
//     at the cut either all or nothing.
//
// RocksDB does not write through the seam: leave its folder out (the index is rebuilt), or put
// there a copy taken at an earlier cut (a stale index).
namespace waag::testing {

/// What survives of operations that no sync had covered. Those that one had always survive. File
/// contents are covered by File::sync, names (create, rename, remove) by sync_dir of their folder.
/// A sync that failed leaves contents uncovered for good: the kernel shows them and will not write
/// them again.
enum class Survival : std::uint8_t {
  all,
  none,
  subset,     // each operation with a probability drawn for the image; names in any mixture
  torn_512,   // likewise, and of a surviving write each 512-byte sector of the file by itself
  torn_4096,  // likewise with 4 KiB pages
};
inline constexpr std::array<Survival, 5> all_survivals = {
    Survival::all, Survival::none, Survival::subset, Survival::torn_512, Survival::torn_4096};

/// Files and folders after a crash.
struct DiskImage {
  std::set<std::filesystem::path> folders;
  std::map<std::filesystem::path, Bytes> files;

  /// Makes all of it in `fs`, where none of it exists but the folders given to CrashImages may.
  void restore(storage::FileSystem& fs) const;
};

class CrashImages {
 public:
  /// @param existing  folders that were there before the log begins
  CrashImages(std::vector<storage::FileOp> log, std::set<std::filesystem::path> existing);

  /// Cut number n lies before operation n; the last one behind all.
  [[nodiscard]] std::size_t cuts() const { return log_.size() + 1; }
  [[nodiscard]] DiskImage at(std::size_t cut, Survival survival, std::uint64_t seed) const;
  /// All pairs of a cut and a way to survive, in an order drawn from the seed.
  struct Pick {
    std::size_t cut = 0;
    Survival survival{Survival::all};
  };
  [[nodiscard]] std::vector<Pick> picks(std::uint64_t seed) const;
  /// The numbers marked before the cut, in order.
  [[nodiscard]] std::vector<std::uint64_t> marks(std::size_t cut) const;

 private:
  std::vector<storage::FileOp> log_;
  std::set<std::filesystem::path> existing_;
  std::vector<std::size_t> covered_by_;  // per operation: the sync that makes it durable, or cuts()
  std::vector<std::uint64_t> moved_;     // per rename: the file it moves
};

}  // namespace waag::testing
