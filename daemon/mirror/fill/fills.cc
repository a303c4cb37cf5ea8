#include "daemon/mirror/fill/fills.h"

#include <boost/asio/post.hpp>

namespace waag::daemon {
namespace {

/// Parts that nobody has asked for in so long are not gone on with.
constexpr auto parked_time = std::chrono::days(7);

/// Clients go on with a cut download at once, or the next time they are started.
constexpr auto wrong_time = std::chrono::hours(24);
constexpr std::size_t wrong_max = 10'000;

}  // namespace

Fills::Fills(storage::Store& store, Options options)
    : store_(store),
      options_(std::move(options)),
      boot_id_(storage::boot_id()),
      threads_(options_.at_once),
      job_threads_(options_.jobs_at_once) {
  sweep();
}

Fills::~Fills() {
  stop_.request_stop();
  threads_.join();
  job_threads_.join();
}

/// Parts of files that nobody wants any more.
void Fills::sweep() {
  std::error_code ignored;
  const auto oldest = std::filesystem::file_time_type::clock::now() - parked_time;
  for (const auto& entry : std::filesystem::directory_iterator(store_.fills(), ignored)) {
    const auto written = std::filesystem::last_write_time(entry.path(), ignored);
    if (!ignored && written < oldest) std::filesystem::remove(entry.path(), ignored);
  }
}

Result<std::shared_ptr<Fill>> Fills::join(WantedFile wanted, std::shared_ptr<RateCap> cap,
                                          For who) {
  const auto key = wanted.key();
  const std::scoped_lock lock(mutex_);
  if (const auto found = fills_.find(key); found != fills_.end()) {
    found->second->fill->ask(std::move(cap));
    enqueue(found->second, who);
    return found->second->fill;
  }
  if (stop_.stop_requested()) return fail(Errc::unavailable, "the hub stops");
  WAAG_TRY(const auto work, begin(std::move(wanted), key, std::move(cap)));
  fills_[key] = work;
  if (who == For::job) asio::post(job_threads_, [this, work] { run(*work); });
  enqueue(work, who);
  return work->fill;
}

/// Under the lock. What a reader wants does not stand behind what jobs want: it is in both queues,
/// and the first thread that comes to it takes it.
void Fills::enqueue(const std::shared_ptr<Work>& work, For who) {
  if (who == For::job || work->begun || std::exchange(work->for_reader, true)) return;
  asio::post(threads_, [this, work] { run(*work); });
}

Result<std::shared_ptr<Fills::Work>> Fills::begin(WantedFile wanted, const std::string& key,
                                                  std::shared_ptr<RateCap> cap) {
  WAAG_CHECK(store_.writable());
  WAAG_CHECK(admit(wanted));
  WAAG_TRY(const auto free, store_.files().free_bytes(store_.fills()));
  // Its part, and then its chunks.
  if (free / 2 < wanted.size_bytes) return fail(Errc::no_space, "no room for " + wanted.about);
  const auto size = wanted.size_bytes;
  WAAG_TRY(auto file, storage::FillFile::open(store_.files(), store_.fills(), key, size, boot_id_));
  auto work = std::make_shared<Work>();
  work->fill = std::make_shared<Fill>(store_, std::move(wanted), options_.limits, std::move(file),
                                      std::move(cap));
  work->key = key;
  return work;
}

/// Under the lock: of two that ask at once the second counts the first.
Status Fills::admit(const WantedFile& wanted) const {
  if (!options_.admit || !std::holds_alternative<BlobId>(wanted.id)) return ok();
  auto bytes = wanted.size_bytes;
  for (const auto& [key, work] : fills_)
    if (const auto& other = work->fill->wanted(); std::holds_alternative<BlobId>(other.id))
      bytes += other.size_bytes;
  return options_.admit(bytes);
}

void Fills::run(Work& work) {
  if (work.begun.exchange(true)) return;
  auto& fill = *work.fill;
  Status result = run_once(fill);
  while (!take_out(fill, work.key)) result = run_once(fill);
  if (fill.is_parked()) fill.give_up(result);
  if (options_.ended) options_.ended(fill, result);
}

Status Fills::run_once(Fill& fill) {
  Status result = fail(Errc::internal, "the fill was thrown out");
  try {
    result = fill.run(stop_.get_token());
  } catch (const std::exception& thrown) {
    result = fail(Errc::internal, thrown.what());
    fill.give_up(result);
  }
  return result;
}

/// @return false if it was parked, and somebody has come since who wants it
bool Fills::take_out(const Fill& fill, const std::string& key) {
  const std::scoped_lock lock(mutex_);
  if (fill.is_parked() && fill.is_wanted() && !stop_.stop_requested()) return false;
  fills_.erase(key);
  if (fill.went_wrong()) wrong_[key] = std::chrono::steady_clock::now() + wrong_time;
  if (wrong_.size() > wrong_max) wrong_.erase(wrong_.begin());
  return true;
}

bool Fills::went_wrong(std::string_view key) const {
  const std::scoped_lock lock(mutex_);
  if (const auto found = fills_.find(key);
      found != fills_.end() && found->second->fill->went_wrong())
    return true;
  const auto wrong = wrong_.find(key);
  return wrong != wrong_.end() && std::chrono::steady_clock::now() < wrong->second;
}

std::vector<Fills::Running> Fills::running() const {
  std::vector<Running> found;
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, work] : fills_) {
    const auto& fill = *work->fill;
    found.push_back({fill.wanted().about, fill.wanted().size_bytes, fill.file().bytes()});
  }
  return found;
}

}  // namespace waag::daemon
