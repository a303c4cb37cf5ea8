#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "storage/journal/extent_set.h"
#include "storage/journal/frame.h"
#include "storage/journal/rows_payload.h"

namespace waag::storage::journal {

// DATA/journal holds NNNNNNNN.log files in number order and at most one wanted NNNNNNNN.ckpt: all
// that logs of smaller numbers said. A *.tmp is a checkpoint that never came to be.
std::string log_name(std::uint64_t number);
std::string checkpoint_name(std::uint64_t number);

struct LogFile {
  std::uint64_t number = 0;
  FileHeader header;
  std::uint64_t bytes = 0;     // up to the end of its last whole frame
  std::uint64_t last_seq = 0;  // first_seq - 1 if it has no frame
  /// Where its last group of frames begins: a process that was killed before its fdatasync returned
  /// may have left this part to the kernel only. file_header_bytes .. bytes; 0 if it has no frame.
  std::uint64_t unproven_begin = 0;
};

struct CheckpointFile {
  std::uint64_t number = 0;
  FileHeader header;  // first_seq: the last sequence it holds
  std::uint64_t bytes = 0;
};

/// What the journal folder holds, verified.
struct History {
  std::optional<CheckpointFile> checkpoint;
  std::vector<LogFile> logs;  // behind the checkpoint, without a gap
  std::uint64_t last_seq = 0;
  std::uint64_t last_number =
      0;  // highest number of any file, wanted or not; 0: the folder is empty
  std::vector<std::string> unwanted;  // files that are not part of the history
  /// The last log ends in bytes that are no frame: sequence that the cut frame would have had.
  std::optional<std::uint64_t> torn_seq;
  ExtentSet extents;
};

/// Reads and verifies every log behind the newest checkpoint; changes nothing. Only the end of the
/// last log may be torn, and only if no later frame proves that the damaged one had been durable.
/// @return Errc::corrupt where that is not so: what is damaged had been acknowledged
///         Errc::unprocessable if a newer version wrote a file or a frame
Result<History> read_history(FileSystem& fs, const std::filesystem::path& folder);

/// Calls `apply(seq, rows)` for each journaled transaction after `after_seq`, in order.
Status replay(FileSystem& fs, const std::filesystem::path& folder, const std::vector<LogFile>& logs,
              std::uint64_t after_seq,
              const std::function<Status(std::uint64_t, const RowsView&)>& apply);

}  // namespace waag::storage::journal
