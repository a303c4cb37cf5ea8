#include "daemon/mirror/fill/fill_stream.h"

#include <algorithm>

namespace waag::daemon {
namespace {

/// What the end of the process costs at most, per transfer.
constexpr std::uint64_t note_bytes = 256 * 1024;
/// Readers who wait are told of so much, or after so long: to wake two hundred of them for every
/// packet would cost more than the packet.
constexpr std::uint64_t announce_bytes = 128 * 1024;
constexpr std::chrono::milliseconds announce_time{10};

/// Readers wait for a transfer that reaches them within a moment; one that brings nothing for so
/// long is not counted on.
constexpr std::chrono::duration<double> moment{1.0};
constexpr std::chrono::milliseconds stall_time{300};

/// More transfers of one file than its limit, for readers who are far from all that run.
constexpr std::size_t streams_for_readers = 2;
/// A capped transfer must be worth its connection: servers end those that take next to nothing.
constexpr std::uint64_t capped_stream_rate = 2'000'000;

Error status_error(const UpstreamReply& reply) {
  const auto text = "the upstream answers " + std::to_string(reply.status);
  switch (reply.status) {
    case 401:
    case 403:
      return fail(Errc::forbidden, text);
    case 404:
    case 410:
      return fail(Errc::not_found, text);
    case 429:
      return fail(Errc::too_many_requests, text);
    default:
      return fail(Errc::upstream_failed, text);
  }
}

}  // namespace

/// Under the lock.
std::size_t Fill::streams_at_once(bool for_reader) const {
  if (for_reader) return limits_.streams + streams_for_readers;
  const auto rate = askers_.throttle()->rate();
  if (rate == 0) return limits_.streams;
  return std::clamp<std::size_t>(rate / capped_stream_rate, 1, limits_.streams);
}

/// Under the lock. @return nullopt if there is none; null if none is needed
std::optional<std::unique_ptr<StreamBudget::Slot>> Fill::take_slot(bool for_reader) const {
  const bool capped = askers_.throttle()->rate() > 0;
  const auto& budget = capped ? limits_.capped_budget : limits_.budget;
  if (!budget) return std::unique_ptr<StreamBudget::Slot>();
  // A reader who waits is not made to wait for other files.
  auto slot = budget->take(/*even_so=*/for_reader || (streams_.empty() && !capped));
  if (!slot) return std::nullopt;
  return slot;
}

/// @return whether one was started
bool Fill::start_streams(ByteSource& source) {
  bool started = false;
  while (true) {
    std::shared_ptr<Stream> stream;
    {
      const std::scoped_lock lock(mutex_);
      const auto now = Stream::Time::clock::now();
      std::vector<ActiveStretch> active;
      for (const auto& running : streams_)
        active.push_back({running->at, running->end, running->soon(now)});
      std::vector<Stretch> wanted;
      for (const auto* reader : readers_)
        if (reader->at < reader->range.end) wanted.push_back({reader->at, reader->range.end});
      // The next one's request is under way while the last of its forerunner comes.
      std::size_t ending = 0;
      for (const auto& running : streams_) {
        if (!running->ends_soon(now)) continue;
        if (!std::exchange(running->measured, true)) adapt(now - running->began);
        ++ending;
      }
      const auto gap = [this](std::uint64_t at, std::uint64_t end) { return file_->gap(at, end); };
      const auto next = next_stretch(gap, active, wanted, wanted_.size_bytes, stretch_bytes_);
      if (!next || streams_.size() >= streams_at_once(next->wanted) + ending) return started;
      auto slot = take_slot(next->wanted);
      if (!slot) return started;
      if (next->shortened) streams_[*next->shortened]->end = next->stretch.begin;
      stream = std::make_shared<Stream>(shared_from_this(), next->stretch);
      stream->slot = *std::move(slot);
      streams_.push_back(stream);
    }
    // Without the lock: a source that fails at once says so from here.
    auto transfer = source.fetch({stream->at, stream->end}, stream, askers_.throttle());
    const std::scoped_lock lock(mutex_);
    stream->transfer = std::move(transfer);
    started = true;
  }
}

Status Fill::Stream::begin(const UpstreamReply& reply) {
  if (reply.status == 200 || reply.status == 206) return ok();
  return status_error(reply);
}

Status Fill::Stream::write(ByteView bytes) {
  std::uint64_t from = 0;
  {
    const std::scoped_lock lock(fill_->mutex_);
    from = at;
    bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - at)));
  }
  if (!bytes.empty()) WAAG_CHECK(fill_->file_->write(from, bytes));
  bool enough = false;
  {
    const std::scoped_lock lock(fill_->mutex_);
    const bool first = fill_->fetched_ == 0;
    at = from + bytes.size();
    fill_->fetched_ += bytes.size();
    // A reader may have cut the rest off meanwhile; what came of it is simply there twice.
    enough = at >= end;
    fill_->unannounced_bytes_ += bytes.size();
    const auto now = last_byte = std::chrono::steady_clock::now();
    if (first_byte == Time{}) first_byte = now;
    if (first || enough || fill_->unannounced_bytes_ >= announce_bytes ||
        now - fill_->announced_ >= announce_time)
      fill_->wake_readers(false);
  }
  if (enough || from + bytes.size() - noted_ >= note_bytes) WAAG_CHECK(note());
  // The stretch became shorter than what was asked for: only so does the transfer learn of it.
  if (enough && from + bytes.size() < asked_.end) return fail(Errc::conflict, "enough");
  return ok();
}

std::uint64_t Fill::Stream::soon(Time now) const {
  if (now - last_byte > stall_time) return at;
  if (brought() == 0) return end;  // it has hardly begun
  const std::chrono::duration<double> taken = std::max(now - began, Time::duration(1));
  const auto bytes = static_cast<double>(brought()) * (moment / taken);
  return at + static_cast<std::uint64_t>(std::min(bytes, static_cast<double>(end - at)));
}

bool Fill::Stream::ends_soon(Time now) const {
  // What came with the first packets says little of the pace.
  if (over || brought() == 0 || brought() < end - at) return false;
  const auto share = static_cast<double>(end - at) / static_cast<double>(brought());
  const std::chrono::duration<double> flown = now - first_byte;
  return flown * share <= first_byte - began;
}

Status Fill::Stream::note() {
  const auto from = std::exchange(noted_, at);
  return fill_->file_->note({from, noted_});
}

void Fill::Stream::done(Status result) {
  const auto noted = note();
  const std::scoped_lock lock(fill_->mutex_);
  over = true;
  status = at >= end ? noted
           : result  ? Status(fail(Errc::upstream_failed, "too few bytes"))
                     : result;
  fill_->wake_readers(false);
}

}  // namespace waag::daemon
