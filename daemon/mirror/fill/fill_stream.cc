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
