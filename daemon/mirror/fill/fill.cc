#include "daemon/mirror/fill/fill.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "daemon/mirror/fill/fill_stream.h"

namespace waag::daemon {
namespace {

/// Kept back from readers until the whole file is verified: less than all is no file.
constexpr std::uint64_t held_back_bytes = 64 * 1024;
/// Readers of a file's tables ask for no more.
constexpr std::uint64_t short_bytes_max = 16ull << 20;
constexpr std::size_t ingest_bytes = 1u << 20;
/// How long the loop sleeps when nothing tells it anything: it announces what is left, and syncs.
constexpr std::chrono::milliseconds turn_time{20};
constexpr std::chrono::seconds sync_time{2};

/// A transfer that brought so much has not failed for nothing.
constexpr std::uint64_t progress_bytes = 256 * 1024;

constexpr std::chrono::seconds stretch_time_min{1};
constexpr std::chrono::seconds stretch_time_max{4};
constexpr std::uint64_t stretch_bytes_min = 1u << 20;

using Clock = std::chrono::steady_clock;

bool is_transient(Errc code) {
  return code == Errc::upstream_failed || code == Errc::deadline_exceeded ||
         code == Errc::too_many_requests;
}

/// Readers learn of an upstream's trouble, never that something is not there or that they may not:
/// clients remember that.
Error as_told(Error error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::forbidden:
    case Errc::too_many_requests:
    case Errc::unprocessable:
      error.code = Errc::upstream_failed;
      return error;
    default:
      return error;
  }
}

/// Not after a failure of our own.
bool may_try_another(Errc code) {
  return is_transient(code) || code == Errc::not_found || code == Errc::forbidden ||
         code == Errc::unprocessable;
}

}  // namespace

std::string WantedFile::key() const {
  const auto hex = std::visit([](const auto& hash) { return hash.hex(); }, id);
  return hex + "-" + std::to_string(repo_uid);
}

Fill::Fill(storage::Store& store, WantedFile wanted, Limits limits,
           std::unique_ptr<storage::FillFile> file, std::shared_ptr<RateCap> cap)
    : store_(store),
      wanted_(std::move(wanted)),
      limits_(limits),
      file_(std::move(file)),
      resumed_(file_->bytes() > 0) {
  // Nobody knows which of them has sent what an earlier life has left.
  if (resumed_)
    trusted_ = std::ranges::all_of(wanted_.sources, [](auto& source) { return source->trusted(); });
  askers_.ask(std::move(cap));
}

void Fill::ask(std::shared_ptr<RateCap> cap) {
  const std::scoped_lock lock(mutex_);
  askers_.ask(std::move(cap));
  changed_.notify_all();
}

void Fill::leave(const std::shared_ptr<RateCap>& cap) {
  const std::scoped_lock lock(mutex_);
  askers_.leave(cap);
  changed_.notify_all();
}

bool Fill::is_parked() const {
  const std::scoped_lock lock(mutex_);
  return parked_;
}

Error Fill::park() {
  const std::scoped_lock lock(mutex_);
  parked_ = true;
  return fail(Errc::unavailable, "nobody wants the file now");
}

Status Fill::run(std::stop_token stop) {
  {
    const std::scoped_lock lock(mutex_);
    parked_ = false;
  }
  Status result = stop.stop_requested() ? fail(Errc::unavailable, "the hub stops")
                                        : fail(Errc::upstream_failed, "no upstream has the file");
  for (std::size_t turn = 0; turn < wanted_.sources.size() && !stop.stop_requested();) {
    auto& source = *wanted_.sources[turn];
    result = run_from(source, stop);
    cancel_streams();
    if (is_parked()) return result;
    if (result) result = verify_and_publish();
    if (result || !may_try_another(result.error().code)) break;
    if (result.error().code != Errc::unprocessable) {
      ++turn;
      continue;
    }
    // The bytes are not the file's. Those of an earlier life may be to blame: once more, then.
    const bool again = std::exchange(resumed_, false);
    if (!source.change_way() && !again) ++turn;
    result = fail(Errc::upstream_failed, source.name() + " sends other bytes than it promised");
    if (const auto begun = begin_anew(); !begun) {
      result = begun;
      break;
    }
  }
  if (result)
    for (const auto& source : wanted_.sources) source->filled();
  finish(result);
  return result;
}

bool Fill::complete() const { return !file_->gap(0, wanted_.size_bytes); }

/// Until all bytes are there, or the source is of no more use. Leaves transfers behind.
Status Fill::run_from(ByteSource& source, const std::stop_token& stop) {
  {
    const std::scoped_lock lock(mutex_);
    trusted_ = trusted_ && source.trusted();
    failures_ = 0;
  }
  auto pause = limits_.pause;
  auto synced = Clock::now();
  while (!complete()) {
    if (stop.stop_requested()) return fail(Errc::unavailable, "the hub stops");
    if (!is_wanted()) return park();
    if (const auto reaped = reap(); !reaped) {
      std::unique_lock lock(mutex_);
      if (!is_transient(reaped.error().code) || failures_ >= limits_.tries) return reaped;
      changed_.wait_for(lock, stop, pause, [this] { return !is_wanted(); });
      pause *= 2;
      continue;
    }
    start_streams(source);
    WAAG_CHECK(ingest_front(stop));
    if (Clock::now() - synced >= sync_time) {
      WAAG_CHECK(file_->sync());
      synced = Clock::now();
    }
    std::unique_lock lock(mutex_);
    if (failures_ == 0) pause = limits_.pause;
    changed_.wait_for(lock, turn_time);
    if (unannounced_bytes_ > 0) wake_readers(false);
  }
  return ok();
}

/// Takes away the transfers that are over. @return an error of one of them
Status Fill::reap() {
  const std::scoped_lock lock(mutex_);
  Status result = ok();
  std::erase_if(streams_, [&](const std::shared_ptr<Stream>& stream) {
    if (!stream->over) return false;
    if (!stream->status) result = stream->status;
    if (stream->status && !stream->measured) adapt(Clock::now() - stream->began);
    if (stream->status || stream->brought() >= progress_bytes) {
      failures_ = 0;
    } else if (stream->began >= failed_at_) {
      // Those that ran beside it fail for the same reason.
      ++failures_;
      failed_at_ = Clock::now();
    }
    return true;
  });
  return result;
}

/// So long that asking costs little, so short that the pace is known and a reader's wish need not
/// cut one off: what an upstream has sent by then would come twice.
void Fill::adapt(Clock::duration taken) {
  if (taken < stretch_time_min)
    stretch_bytes_ = std::min(stretch_bytes_ * 2, limits_.stretch_bytes_max);
  else if (taken > stretch_time_max)
    stretch_bytes_ = std::max(stretch_bytes_ / 2, stretch_bytes_min);
}

/// Feeds what has come at the front; a regular file waits for all of it.
Status Fill::ingest_front(const std::stop_token& stop) {
  const auto* id = std::get_if<BlobId>(&wanted_.id);
  if (id == nullptr) return ok();
  if (!ingest_) {
    WAAG_TRY(ingest_, store_.ingest());
    ingested_ = 0;
  }
  std::vector<std::byte> buffer;
  while (!stop.stop_requested()) {
    const auto end = file_->end_from(ingested_);
    const bool last = end == wanted_.size_bytes;
    if (end == ingested_ || (!last && end - ingested_ < ingest_bytes)) return ok();
    if (buffer.empty()) buffer.resize(ingest_bytes);
    WAAG_TRY(const auto got, file_->read(ingested_, buffer));
    WAAG_CHECK(ingest_->write(ByteView(buffer).first(got)));
    ingested_ += got;
  }
  return ok();
}

Status Fill::verify_and_publish() {
  const auto* id = std::get_if<BlobId>(&wanted_.id);
  if (id == nullptr) return publish_file();
  WAAG_CHECK(ingest_front({}));
  const auto ingest = std::move(ingest_);
  WAAG_CHECK(
      ingest->finish({*id, wanted_.size_bytes}, storage::Mirrors::proof(wanted_.repo_uid, *id)));
  return ok();
}

Status Fill::publish_file() {
  const auto feed = [this](storage::StagedFile& staged) -> Status {
    std::vector<std::byte> buffer(ingest_bytes);
    for (std::uint64_t at = 0; at < wanted_.size_bytes;) {
      WAAG_TRY(const auto got, file_->read(at, buffer));
      WAAG_CHECK(staged.write(ByteView(buffer).first(got)));
      at += got;
    }
    return ok();
  };
  return store_.mirrors().put_file(wanted_.repo_uid, std::get<GitId>(wanted_.id), feed);
}

/// After bytes that were wrong: who has some of them is cut off.
Status Fill::begin_anew() {
  ingest_.reset();
  ingested_ = 0;
  const std::scoped_lock lock(mutex_);
  ++generation_;
  trusted_ = true;
  wake_readers(true);
  return file_->clear();
}

void Fill::cancel_streams() {
  std::vector<std::shared_ptr<Stream>> running;
  {
    const std::scoped_lock lock(mutex_);
    running = streams_;
  }
  for (const auto& stream : running)
    if (stream->transfer) stream->transfer->cancel();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return std::ranges::all_of(streams_, [](const auto& stream) { return stream->over; });
  });
  streams_.clear();
}

void Fill::finish(const Status& status) {
  ingest_.reset();
  if (status) static_cast<void>(file_->remove());  // what stays is swept at the next start
  const std::scoped_lock lock(mutex_);
  state_ = status ? State::done : State::failed;
  if (!status) error_ = status.error();
  wake_readers(true);
}

void Fill::add_reader(Reader& reader) {
  const std::scoped_lock lock(mutex_);
  reader.generation = generation_;
  readers_.push_back(&reader);
  changed_.notify_all();
}

void Fill::remove_reader(Reader& reader) {
  const std::scoped_lock lock(mutex_);
  readers_.remove(&reader);
}

Result<std::uint64_t> Fill::ready(Reader& reader) {
  const std::scoped_lock lock(mutex_);
  if (state_ == State::failed) return as_told(error_);
  if (reader.generation != generation_)
    return fail(Errc::upstream_failed, "what came so far was wrong");
  auto limit = reader.range.end;
  if (state_ == State::running) {
    const auto size = wanted_.size_bytes;
    const bool short_one = !reader.rest && reader.range.size() <= short_bytes_max;
    if (limit == size && !short_one) limit = size - std::min(size, held_back_bytes);
    const bool whole = reader.range.begin == 0 && reader.range.end == size;
    if (!trusted_ && !whole) limit = reader.at;
  }
  const auto there = std::min(file_->end_from(reader.at), limit);
  if (there > reader.at) return there - reader.at;
  reader.waits = true;
  return std::uint64_t{0};
}

void Fill::advance(Reader& reader, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  reader.at += bytes;
}

void Fill::give_up(const Status& status) {
  cancel_streams();
  finish(status);
}

/// Under the lock. @param all  also those for whom there may be nothing
void Fill::wake_readers(bool all) {
  unannounced_bytes_ = 0;
  announced_ = std::chrono::steady_clock::now();
  for (auto* reader : readers_) {
    if (!reader->waits || (!all && file_->end_from(reader->at) == reader->at)) continue;
    reader->waits = false;
    asio::post(reader->executor, [timer = reader->timer] { timer->cancel(); });
  }
  changed_.notify_all();
}

Status Fill::wait_until(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const bool over =
      changed_.wait_until(lock, deadline, [this] { return state_ != State::running; });
  if (!over) return fail(Errc::deadline_exceeded, "the file is still on its way");
  return state_ == State::done ? ok() : Status(error_);
}

bool Fill::went_wrong() const {
  const std::scoped_lock lock(mutex_);
  return generation_ > 0;
}

Fill::State Fill::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

std::uint64_t Fill::fetched_bytes() const {
  const std::scoped_lock lock(mutex_);
  return fetched_;
}

}  // namespace waag::daemon
