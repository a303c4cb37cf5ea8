#include "storage/meta/jobs/job_table.h"

#include <algorithm>
#include <deque>

#include "protocol/http/field.h"

namespace waag::storage {
namespace {

/// Rows that one transaction of prune() takes away.
constexpr std::size_t step_rows_max = 1'000;

std::string counter_key() { return keys::counter("jobs"); }

}  // namespace

bool JobFilter::lets_in(const JobRow& row) const {
  if (state && row.state != *state) return false;
  if (!kind.empty() && row.kind != kind) return false;
  if (asker.empty()) return true;
  return std::ranges::any_of(row.askers, [this](const JobAsker& one) {
    return http::equal_nocase(one.user, asker) && (token_id.empty() || one.token_id == token_id);
  });
}

Result<JobRow> JobTable::add(JobRow row) {
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(auto counter, rows_.get(counter_key()));
    std::uint64_t last = 0;
    if (counter) {
      WAAG_TRY(last, decode_counter(*counter));
    }
    row.id = last + 1;
    transaction.expects.push_back({counter_key(), std::move(counter)});
    transaction.expects.push_back({keys::job(row.id), std::nullopt});
    transaction.puts.push_back({counter_key(), encode_counter(row.id)});
    transaction.puts.push_back({keys::job(row.id), encode(row)});
    return ok();
  }));
  return row;
}

Result<JobRow> JobTable::find(std::uint64_t id) const {
  WAAG_TRY(auto row, get_row(rows_, keys::job(id), decode_job));
  if (!row) return fail(Errc::not_found, "There is no job " + std::to_string(id));
  return *std::move(row);
}

Status JobTable::put(const JobRow& row) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(auto stored, rows_.get(keys::job(row.id)));
    if (!stored) return fail(Errc::not_found, "There is no job " + std::to_string(row.id));
    transaction.expects.push_back({keys::job(row.id), std::move(stored)});
    transaction.puts.push_back({keys::job(row.id), encode(row)});
    return ok();
  });
}

Result<std::vector<JobRow>> JobTable::list(const JobFilter& filter, std::uint64_t before,
                                           std::size_t limit) const {
  std::deque<JobRow> newest;
  if (limit == 0) return std::vector<JobRow>{};
  // Keys go up, and a scan goes forward only.
  WAAG_CHECK(
      scan_rows(rows_, keys::all('j'), "", decode_job, [&](std::string_view key, JobRow row) {
        if (before != 0 && keys::last_number(key) >= before) return false;
        if (!filter.lets_in(row)) return true;
        newest.push_front(std::move(row));
        if (newest.size() > limit) newest.pop_back();
        return true;
      }));
  return std::vector<JobRow>(std::make_move_iterator(newest.begin()),
                             std::make_move_iterator(newest.end()));
}

Result<std::vector<JobRow>> JobTable::unfinished() const {
  std::vector<JobRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::all('j'), "", decode_job, [&](std::string_view, JobRow row) {
    if (!is_over(row.state)) found.push_back(std::move(row));
    return true;
  }));
  return found;
}

Result<std::size_t> JobTable::prune(std::size_t kept) {
  std::vector<std::string> over;
  WAAG_CHECK(scan_rows(rows_, keys::all('j'), "", decode_job,
                       [&](std::string_view key, const JobRow& row) {
                         if (is_over(row.state)) over.emplace_back(key);
                         return true;
                       }));
  const auto gone = over.size() > kept ? over.size() - kept : 0;
  for (std::size_t at = 0; at < gone; at += step_rows_max) {
    Transaction transaction;
    const auto end = std::min(gone, at + step_rows_max);
    for (auto i = at; i < end; ++i) transaction.dels.push_back(std::move(over[i]));
    WAAG_CHECK(rows_.apply(std::move(transaction)));
  }
  return gone;
}

}  // namespace waag::storage
