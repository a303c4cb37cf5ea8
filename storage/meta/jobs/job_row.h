#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/meta/row_codec.h"

namespace waag::storage {

enum class JobState : std::uint8_t { queued = 0, running = 1, done = 2, failed = 3, cancelled = 4 };

/// For good: a job that is over never runs again.
inline bool is_over(JobState state) { return state >= JobState::done; }
/// "queued", "running", ...
std::string_view job_state_name(JobState state);

/// How far a job has come. What it does not know beforehand is 0.
struct JobProgress {
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t done_files = 0;
  std::uint64_t total_files = 0;
  std::string note;  // one line for people: what is being done now
  bool operator==(const JobProgress&) const = default;
};

/// Who asked for a job, and with which token: a fine-grained one sees only what it asked for.
struct JobAsker {
  std::string user;
  std::string token_id;
  bool operator==(const JobAsker&) const = default;
};

/// A piece of work that outlives its request and the process.
struct JobRow {
  std::uint64_t id = 0;  // from 1 on, never used again
  std::string kind;      // "mirror", "convert"
  JobState state{JobState::queued};
  std::int32_t priority = 0;     // the higher, the sooner
  std::string spec;              // JSON: what is to be done
  std::string key;               // of a kind, one unfinished job has it; "" = any number
  std::vector<JobAsker> askers;  // the first one owns it, the others came while it was there
  TimeMs created{}, started{}, finished{};  // 0: not yet; started: the last time
  TimeMs not_before{};                      // queued: not to be tried again before
  std::uint32_t attempts = 0;               // how often it was begun
  bool cancelling = false;                  // running, but somebody wants it to stop for good
  std::string error;                        // of the last attempt; "" if it went well
  std::string result;                       // JSON; "" = none
  JobProgress progress;                     // some seconds old while it runs
  bool operator==(const JobRow&) const = default;
};

std::string encode(const JobRow& row);
/// Errc::corrupt unless `value` is what encode() writes.
Result<JobRow> decode_job(std::string_view value);

}  // namespace waag::storage
