#include "storage/meta/row_store.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "storage/journal/checkpoint.h"
#include "storage/meta/index/row_group.h"
#include "storage/meta/row_recovery.h"

namespace waag::storage {
namespace {

/// One group: what a leader takes from the queue at once. Bounds its memory and how long others
/// wait.
constexpr std::size_t group_bytes_max = 8u << 20;
constexpr std::size_t group_transactions_max = 1024;
/// Journal that one checkpoint run merges at a time; its keys are held in memory.
constexpr std::uint64_t merge_bytes_max = 256u << 20;
/// A checkpoint is also put off until the journal is this part of it, so that a large store does
/// not write all its rows again for every 64 MiB.
constexpr std::uint64_t checkpoint_share = 2;

bool changes_rows(const Transaction& transaction) {
  return !transaction.puts.empty() || !transaction.dels.empty() || !transaction.extents.empty();
}

Status validate(const Transaction& transaction) {
  if (!transaction.derived.empty() && transaction.extents.empty())
    return fail(Errc::invalid_argument, "derived rows without the extents that they come from");
  bool good = true;
  for (const auto& row : transaction.puts) good = good && is_row_key(row.key);
  for (const auto& row : transaction.derived) good = good && is_row_key(row.key);
  for (const auto& key : transaction.dels) good = good && is_row_key(key);
  if (!good) return fail(Errc::invalid_argument, "row key is empty or begins with NUL");
  return ok();
}

class IndexSnapshot final : public RowSnapshot {
 public:
  explicit IndexSnapshot(std::shared_ptr<RocksIndex> index)
      : index_(std::move(index)), at_(index_->take_snapshot()) {}
  ~IndexSnapshot() override { index_->release(at_); }
  IndexSnapshot(const IndexSnapshot&) = delete;
  IndexSnapshot& operator=(const IndexSnapshot&) = delete;

  Result<std::optional<std::string>> get(std::string_view key) const override {
    return index_->get(key, at_);
  }
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    return index_->scan(prefix, first, row, at_);
  }

 private:
  std::shared_ptr<RocksIndex> index_;
  const rocksdb::Snapshot* at_;
};

/// One caller of apply, on its stack.
struct Waiter {
  const Transaction* transaction = nullptr;
  Bytes payload;
  Result<std::uint64_t> result;
  bool looked_at_group = false;  // its expectations were judged by rows that are not yet durable
  bool survives = false;
  bool done = false;
  std::condition_variable wake;
};

class JournaledRowStore final : public RowStore {
 public:
  JournaledRowStore(FileSystem& fs, Options options, RecoveredRows recovered)
      : fs_(fs),
        options_(std::move(options)),
        journal_(std::move(recovered.journal)),
        index_(std::move(recovered.index)),
        background_([this] { checkpoint_when_due(); }) {
    const std::lock_guard lock(write_mutex_);
    set_due();
  }
  ~JournaledRowStore() override { stop_background(); }
  JournaledRowStore(const JournaledRowStore&) = delete;
  JournaledRowStore& operator=(const JournaledRowStore&) = delete;

  Result<std::uint64_t> apply(Transaction transaction) override;
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return index_->get(key, nullptr);
  }
  Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string>& keys) const override {
    return index_->get_many(keys);
  }
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    return index_->scan(prefix, first, row, nullptr);
  }
  std::unique_ptr<RowSnapshot> snapshot() const override {
    return std::make_unique<IndexSnapshot>(index_);
  }
  Result<RowCounts> counts() override;
  Status writable() const override {
    const std::lock_guard lock(broken_mutex_);
    if (broken_) return fail(Errc::unavailable, broken_->what);
    return ok();
  }
  Result<std::vector<PackExtent>> journaled_extents() override;
  Status checkpoint() override;
  Status close() override;

 private:
  using Group = std::vector<Waiter*>;

  Group take_group();
  void run_group(const Group& group);
  Status write_group(const Group& group, IndexBatch& batch);
  Status break_writing(Error error);
  void set_due();
  void checkpoint_when_due();
  void stop_background();
  Result<bool> checkpoint_step();

  FileSystem& fs_;
  const Options options_;

  std::mutex queue_mutex_;
  std::deque<Waiter*> queue_;
  bool has_leader_ = false;

  std::mutex write_mutex_;  // the journal, and the order of journal and index
  std::unique_ptr<journal::Journal> journal_;
  const std::shared_ptr<RocksIndex> index_;
  std::optional<RowCounts> counted_;  // changes since somebody began to count; write_mutex_
  bool counted_all_ = false;          // and what was there before; write_mutex_

  std::mutex count_mutex_;  // one count at a time

  mutable std::mutex broken_mutex_;
  std::optional<Error> broken_;

  std::mutex checkpoint_mutex_;  // one checkpoint at a time
  std::mutex due_mutex_;
  std::condition_variable due_;
  bool checkpoint_due_ = false;
  bool stop_ = false;
  std::uint64_t due_at_bytes_ = 0;  // journal size that asks for the next checkpoint; write_mutex_
  std::thread background_;          // last: it uses all of the above
};

Result<std::uint64_t> JournaledRowStore::apply(Transaction transaction) {
  WAAG_CHECK(validate(transaction));
  WAAG_CHECK(writable());
  Waiter self;
  self.transaction = &transaction;
  self.payload = journal::encode_rows(transaction);
  if (self.payload.size() > journal::frame_payload_bytes_max)
    return fail(Errc::too_large, "transaction larger than a journal frame");
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&self);
  self.wake.wait(lock, [&] { return self.done || (!has_leader_ && queue_.front() == &self); });
  if (self.done) return std::move(self.result);
  has_leader_ = true;
  const auto group = take_group();
  lock.unlock();
  run_group(group);
  lock.lock();
  has_leader_ = false;
  for (auto* waiter : group) {
    waiter->done = true;
    waiter->wake.notify_one();  // under the lock: the waiter's stack frame goes when it sees `done`
  }
  if (!queue_.empty()) queue_.front()->wake.notify_one();
  return std::move(self.result);
}

JournaledRowStore::Group JournaledRowStore::take_group() {
  Group group;
  std::size_t bytes = 0;
  while (!queue_.empty() && group.size() < group_transactions_max) {
    bytes += queue_.front()->payload.size();
    if (!group.empty() && bytes > group_bytes_max) break;
    group.push_back(queue_.front());
    queue_.pop_front();
  }
  return group;
}

void JournaledRowStore::run_group(const Group& group) {
  const std::lock_guard lock(write_mutex_);
  RowGroup rows(*index_, counted_.has_value());
  IndexBatch batch;
  for (auto* waiter : group) {
    const auto met = rows.meets(*waiter->transaction, waiter->looked_at_group);
    if (!met) {
      waiter->result = met.error();
    } else if (!*met) {
      waiter->result = fail(Errc::conflict, "another writer came first");
    } else {
      waiter->survives = true;
      rows.take(*waiter->transaction, batch);
    }
  }
  if (auto written = write_group(group, batch); !written) {
    // Nobody may be told what would only be true if the group had been written.
    for (auto* waiter : group)
      if (waiter->survives || waiter->looked_at_group) waiter->result = written.error();
  } else if (const auto change = rows.counted()) {
    *counted_ += *change;
  } else {
    counted_.reset();
  }
}

Result<RowCounts> JournaledRowStore::counts() {
  const std::lock_guard one(count_mutex_);
  std::unique_ptr<RowSnapshot> then;
  {
    const std::lock_guard lock(write_mutex_);
    if (counted_ && counted_all_) return *counted_;
    counted_.emplace();
    counted_all_ = false;
    then = snapshot();
  }
  RowCounts before;
  Status counted = ok();
  const auto count = [&](std::string_view key, std::string_view value) {
    auto counts = counts_of(key, value);
    if (counts)
      before += *counts;
    else
      counted = std::move(counts).error();
    return counted.has_value();
  };
  for (const auto& prefix : counted_rows()) WAAG_CHECK(then->scan(prefix, "", count));
  WAAG_CHECK(counted);
  const std::lock_guard lock(write_mutex_);
  if (!counted_) return fail(Errc::unavailable, "a row that counts could not be read");
  counted_all_ = true;
  return *counted_ += before;
}

Status JournaledRowStore::write_group(const Group& group, IndexBatch& batch) {
  WAAG_CHECK(writable());
  std::uint64_t seq = journal_->last_seq();
  std::vector<Bytes> payloads;
  for (auto* waiter : group) {
    if (!waiter->survives) continue;
    if (changes_rows(*waiter->transaction)) {
      payloads.push_back(std::move(waiter->payload));
      ++seq;
    }
    waiter->result = seq;
  }
  if (payloads.empty()) return ok();
  auto appended = journal_->append(payloads);
  if (!appended) {
    if (journal_->alive()) return appended.error();
    return break_writing(appended.error());
  }
  batch.applied(*appended);
  // The journal has it: if the index has not, nothing may be built on the index until it is
  // replayed.
  if (auto indexed = index_->write(batch); !indexed) return break_writing(indexed.error());
  if (journal_->bytes_since_checkpoint() >= due_at_bytes_) {
    due_at_bytes_ +=
        options_.checkpoint_bytes_min;  // asks once, and again if it did not come to be
    const std::lock_guard lock(due_mutex_);
    checkpoint_due_ = true;
    due_.notify_one();
  }
  return ok();
}

Status JournaledRowStore::break_writing(Error error) {
  const std::lock_guard lock(broken_mutex_);
  if (!broken_) broken_ = std::move(error);
  return fail(Errc::unavailable, broken_->what);
}

void JournaledRowStore::set_due() {
  const auto& checkpoint = journal_->checkpoint();
  const auto share = checkpoint ? checkpoint->bytes / checkpoint_share : 0;
  due_at_bytes_ = std::max(options_.checkpoint_bytes_min, share);
}

void JournaledRowStore::checkpoint_when_due() {
  std::unique_lock lock(due_mutex_);
  for (;;) {
    due_.wait(lock, [this] { return stop_ || checkpoint_due_; });
    if (stop_) return;
    checkpoint_due_ = false;
    lock.unlock();
    (void)checkpoint();  // a full disk: the journal keeps all and asks again when it has grown
    lock.lock();
  }
}

void JournaledRowStore::stop_background() {
  {
    const std::lock_guard lock(due_mutex_);
    stop_ = true;
    due_.notify_one();
  }
  if (background_.joinable()) background_.join();
}

Status JournaledRowStore::checkpoint() {
  const std::lock_guard one(checkpoint_mutex_);
  WAAG_CHECK(writable());
  {
    const std::lock_guard lock(write_mutex_);
    auto rotated = journal_->rotate();
    if (!rotated && !journal_->alive()) return break_writing(rotated.error());
    WAAG_CHECK(std::move(rotated));
  }
  for (bool more = true; more;) {
    WAAG_TRY(more, checkpoint_step());
  }
  return ok();
}

/// Merges some sealed logs. @return whether there are more
Result<bool> JournaledRowStore::checkpoint_step() {
  std::optional<journal::CheckpointFile> base;
  std::vector<journal::LogFile> logs;
  std::uint64_t number = 0;
  std::uint64_t salt = 0;
  {
    const std::lock_guard lock(write_mutex_);
    base = journal_->checkpoint();
    const auto& all = journal_->logs();
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i + 1 < all.size() && bytes < merge_bytes_max; ++i) {
      bytes += all[i].bytes;
      logs.push_back(all[i]);
      number = all[i + 1].number;
    }
    salt = journal_->new_salt();
  }
  if (logs.empty()) return false;
  const auto folder = options_.data / "journal";
  WAAG_TRY(const auto made, journal::write_checkpoint(fs_, folder, base, logs, number, salt));
  WAAG_CHECK(index_->flush());  // an index older than the oldest log would have to be rebuilt
  std::vector<std::string> unneeded;
  {
    const std::lock_guard lock(write_mutex_);
    unneeded = journal_->forget(made);
    set_due();
  }
  for (const auto& name : unneeded) WAAG_CHECK(fs_.remove(folder / name));
  WAAG_CHECK(fs_.sync_dir(folder));
  return true;
}

Result<std::vector<PackExtent>> JournaledRowStore::journaled_extents() {
  const std::lock_guard one(checkpoint_mutex_);
  const std::lock_guard lock(write_mutex_);
  WAAG_TRY(const auto history, journal::read_history(fs_, options_.data / "journal"));
  return history.extents.extents();
}

Status JournaledRowStore::close() {
  stop_background();
  const std::lock_guard one(checkpoint_mutex_);
  const std::lock_guard lock(write_mutex_);
  (void)break_writing(fail(Errc::unavailable, "the store is closed"));
  return index_->flush();
}

}  // namespace

Result<std::unique_ptr<RowStore>> RowStore::open(FileSystem& fs, PackSet& packs, Options options) {
  WAAG_TRY(auto recovered, recover_rows(fs, packs, options));
  return std::unique_ptr<RowStore>(
      std::make_unique<JournaledRowStore>(fs, std::move(options), std::move(recovered)));
}

}  // namespace waag::storage
