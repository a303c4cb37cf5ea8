#include "storage/journal/journal.h"

#include <algorithm>
#include <utility>

namespace waag::storage::journal {

Result<std::unique_ptr<Journal>> Journal::open(FileSystem& fs, Options options, History history) {
  auto journal = std::make_unique<Journal>(fs, std::move(options));
  WAAG_CHECK(fs.create_dir(journal->options_.folder));
  WAAG_CHECK(fs.sync_dir(journal->options_.folder.parent_path()));
  journal->checkpoint_ = history.checkpoint;
  journal->logs_ = history.logs;
  journal->last_seq_ = history.last_seq;
  journal->last_number_ = history.last_number;
  WAAG_CHECK(journal->repair(history));
  return journal;
}

Status Journal::repair(const History& history) {
  const auto& folder = options_.folder;
  // A log of a larger number that was torn at birth: its name stays used, the next one is new.
  const bool continues = !logs_.empty() && logs_.back().number == last_number_;
  if (continues) {
    WAAG_TRY(file_, fs_.open(folder / log_name(logs_.back().number), OpenMode::write));
    WAAG_CHECK(harden_tail());
  } else {
    WAAG_CHECK(start_log());
  }
  WAAG_CHECK(fs_.sync_dir(folder));
  for (const auto& name : history.unwanted) WAAG_CHECK(fs_.remove(folder / name));
  return ok();
}

// After a failed fdatasync, or a kill before it returned, the kernel may show bytes that the disk
// has not got and will not write again. What recovery has accepted is therefore written once more.
Status Journal::harden_tail() {
  auto& log = logs_.back();
  WAAG_CHECK(file_->truncate(log.bytes));
  const bool has_frames = log.unproven_begin != 0;
  if (has_frames) {
    Bytes tail(log.bytes - log.unproven_begin);
    WAAG_TRY(const auto got, file_->read(log.unproven_begin, tail));
    if (got != tail.size()) return fail(Errc::unavailable, "journal shrank while it was opened");
    WAAG_CHECK(file_->write(log.unproven_begin, tail));
  } else {
    WAAG_CHECK(file_->write(0, encode(log.header)));
  }
  return file_->sync();
}

Status Journal::alive() const {
  if (!broken_) return ok();
  return fail(Errc::unavailable, "the journal ended: " + broken_->what);
}

std::uint64_t Journal::new_salt() {
  std::uint64_t salt = 0;
  options_.random->fill(std::as_writable_bytes(std::span(&salt, 1)));
  return salt;
}

Status Journal::start_log() {
  file_.reset();
  LogFile log;
  log.number =
      ++last_number_;  // a number is used once, so that the remains of a failed start do not matter
  log.header = {FileKind::log, last_seq_ + 1, new_salt()};
  log.bytes = file_header_bytes;
  log.last_seq = last_seq_;
  const auto path = options_.folder / log_name(log.number);
  WAAG_TRY(auto file, fs_.open(path, OpenMode::create_new));
  if (auto written = file->write(0, encode(log.header)); !written) {
    (void)fs_.remove(path);  // if it stays, recovery sees a log that was torn at birth
    return written;
  }
  auto synced = file->sync();
  if (synced) synced = fs_.sync_dir(options_.folder);
  if (!synced) {
    broken_ = synced.error();
    return alive();
  }
  logs_.push_back(log);
  file_ = std::move(file);
  return ok();
}

Status Journal::rotate() {
  WAAG_CHECK(alive());
  if (file_ && logs_.back().bytes == file_header_bytes) return ok();
  return start_log();
}

Result<std::uint64_t> Journal::append(std::span<const Bytes> payloads) {
  WAAG_CHECK(alive());
  if (!file_ || logs_.back().bytes >= options_.file_bytes_max) WAAG_CHECK(start_log());
  auto& log = logs_.back();
  Bytes frames;
  std::uint64_t seq = last_seq_;
  for (const auto& payload : payloads) {
    const FrameAt at{log.header.salt, log.bytes + frames.size(), ++seq, last_seq_};
    append_frame(frames, at, FrameType::rows, payload);
  }
  WAAG_CHECK(write_group(frames));
  log.unproven_begin = log.bytes;
  log.bytes += frames.size();
  log.last_seq = seq;
  last_seq_ = seq;
  return seq;
}

Status Journal::write_group(const Bytes& frames) {
  const auto end = logs_.back().bytes;
  auto written = file_->write(end, frames);
  if (written)
    written = file_->sync();
  else if (written.error().code == Errc::no_space) {
    // Synced too: whoever is told "no space" must not find his change after a crash.
    auto cut = file_->truncate(end);
    if (cut) cut = file_->sync();
    if (cut) return written;
    written = cut;
  }
  if (written) return ok();
  broken_ = written.error();
  return alive();
}

std::uint64_t Journal::bytes_since_checkpoint() const {
  std::uint64_t bytes = 0;
  for (const auto& log : logs_) bytes += log.bytes - file_header_bytes;
  return bytes;
}

std::vector<std::string> Journal::forget(const CheckpointFile& made) {
  std::vector<std::string> unneeded;
  if (checkpoint_ && checkpoint_->number != made.number)
    unneeded.push_back(checkpoint_name(checkpoint_->number));
  const auto held = [&made](const LogFile& log) { return log.number < made.number; };
  for (const auto& log : logs_)
    if (held(log)) unneeded.push_back(log_name(log.number));
  std::erase_if(logs_, held);
  checkpoint_ = made;
  return unneeded;
}

}  // namespace waag::storage::journal
