#pragma once

#include <memory>
#include <span>

#include "storage/journal/recover.h"
#include "storage/os/clock.h"

namespace waag::storage::journal {

/// The log of record: appends groups of transactions, each group durable when append returned.
/// Not thread-safe: the row store's leader is its only caller.
class Journal {
 public:
  struct Options {
    std::filesystem::path folder;
    std::uint64_t file_bytes_max = 64u << 20;
    Random* random = nullptr;  // salts of files
  };

  /// For open().
  Journal(FileSystem& fs, Options options) : fs_(fs), options_(std::move(options)) {}

  /// Makes the folder if it is missing (fs.list of it may have failed then: pass an empty history).
  /// Cuts a torn tail, makes durable what a killed process may have left to the kernel, removes
  /// unwanted files.
  static Result<std::unique_ptr<Journal>> open(FileSystem& fs, Options options, History history);

  /// Writes one frame for each payload and syncs once.
  /// @return the sequence of the last one. Errc::no_space: nothing was kept, writing goes on when
  /// there
  ///         is space again. Errc::unavailable: the fate of the group is unknown and nothing is
  ///         written any more (a failed fdatasync is never retried: RELIABILITY 2.2).
  Result<std::uint64_t> append(std::span<const Bytes> payloads);

  /// Seals the current log and starts a new one, unless the current one is empty.
  Status rotate();

  /// Whether append may be called again.
  [[nodiscard]] Status alive() const;
  [[nodiscard]] std::uint64_t last_seq() const { return last_seq_; }
  /// Journal bytes that no checkpoint holds.
  [[nodiscard]] std::uint64_t bytes_since_checkpoint() const;
  [[nodiscard]] const std::optional<CheckpointFile>& checkpoint() const { return checkpoint_; }
  /// The logs behind the checkpoint; the last one is the one being written.
  [[nodiscard]] const std::vector<LogFile>& logs() const { return logs_; }
  /// Takes note of a checkpoint that write_checkpoint made.
  /// @return the files that are no longer needed
  std::vector<std::string> forget(const CheckpointFile& made);
  [[nodiscard]] std::uint64_t new_salt();

 private:
  Status repair(const History& history);
  Status harden_tail();
  Status start_log();
  Status write_group(const Bytes& frames);

  FileSystem& fs_;
  Options options_;
  std::optional<CheckpointFile> checkpoint_;
  std::vector<LogFile> logs_;
  std::unique_ptr<File>
      file_;  // of logs_.back(); null: a log must be started before the next frame
  std::uint64_t last_seq_ = 0;
  std::uint64_t last_number_ = 0;
  std::optional<Error> broken_;
};

}  // namespace waag::storage::journal
