#include "daemon/jobs/job_context.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace waag::daemon {
namespace {

/// How much of a job's progress a crash may take with it.
constexpr std::chrono::milliseconds save_period{5'000};
constexpr std::size_t note_bytes_max = 256;

boost::json::object object_of(const std::string& text) {
  boost::system::error_code bad;
  auto value = boost::json::parse(text, bad);
  return bad || !value.is_object() ? boost::json::object() : std::move(value.as_object());
}

/// At most note_bytes_max, and no half of a character.
std::string short_note(std::string_view note) {
  if (note.size() <= note_bytes_max) return std::string(note);
  auto end = note_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xC0u) == 0x80u) --end;
  return std::string(note.substr(0, end));
}

}  // namespace

JobContext::JobContext(std::shared_ptr<JobFeed> feed, std::stop_token stop, storage::Clock& clock,
                       std::function<void()> save)
    : feed_(std::move(feed)),
      stop_(std::move(stop)),
      clock_(clock),
      save_(std::move(save)),
      saved_(clock.now().count()) {
  const auto row = feed_->row();
  id_ = row.id;
  attempt_ = row.attempts;
  if (!row.askers.empty()) owner_ = row.askers.front();
  spec_ = object_of(row.spec);
  earlier_result_ = object_of(row.result);
}

void JobContext::set_total(std::uint64_t bytes, std::uint64_t files) {
  feed_->set_total(bytes, files);
  save_now_and_then();
}

void JobContext::set_done(std::uint64_t bytes, std::uint64_t files) {
  feed_->set_done(bytes, files);
  save_now_and_then();
}

void JobContext::add_done(std::uint64_t bytes, std::uint64_t files) {
  feed_->add_done(bytes, files);
  save_now_and_then();
}

void JobContext::set_note(std::string_view note) {
  feed_->set_note(short_note(note));
  save_now_and_then();
}

void JobContext::set_result(boost::json::object result) {
  const std::scoped_lock lock(mutex_);
  result_ = boost::json::serialize(result);
}

std::string JobContext::result() const {
  const std::scoped_lock lock(mutex_);
  return result_;
}

std::optional<storage::TimeMs> JobContext::put_off_until() const {
  const storage::TimeMs until(put_off_until_.load());
  if (until.count() == 0) return std::nullopt;
  return until;
}

/// Of threads that come at once, one saves and the others go on.
void JobContext::save_now_and_then() {
  const auto now = clock_.now().count();
  auto saved = saved_.load(std::memory_order_relaxed);
  if (now - saved < save_period.count()) return;
  if (saved_.compare_exchange_strong(saved, now)) save_();
}

}  // namespace waag::daemon
