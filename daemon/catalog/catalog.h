#pragma once

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "daemon/catalog/downloads.h"
#include "daemon/catalog/list_index.h"
#include "daemon/catalog/used_storage.h"
#include "daemon/catalog/weight_reader.h"
#include "daemon/http/message.h"

namespace waag::daemon {

/// What is known about repos beyond their files: summaries of commits, download counts, and the
/// index that lists and searches run on (docs/decisions/0006-the-catalogue.md). It hears of every
/// change from the store and looks at the changed repos when the next list is asked for.
/// Thread-safe. Every call may block.
class Catalog {
 public:
  Catalog(storage::Store& store, storage::Clock& clock);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Of any commit of a repo.
  Result<std::shared_ptr<const Summary>> summary(const storage::RepoRow& repo,
                                                 const storage::Snapshot& snapshot);
  /// What a repo takes: LFS files of all refs and their history, and the other files of the commit.
  Result<std::uint64_t> used_storage(std::uint64_t uid, const Summary& summary);
  Popularity popularity(std::uint64_t uid);
  Downloads& downloads() { return downloads_; }
  WeightReader& weights() { return weights_; }

  /// A page of a list: what the caller may see and the query takes, in order.
  struct Page {
    std::vector<ListIndex::Repo> repos;
    std::optional<Place> next;  // cursor of the page behind; nullopt: this is the last one
  };
  Result<Page> list(const ListQuery& query, const Identity& who);
  /// All repos of a type that the caller may see.
  Result<std::vector<ListIndex::Repo>> readable(RepoType type, const Identity& who);
  /// Of a listed repo's head: nullptr if the repo went meanwhile.
  std::shared_ptr<const Summary> summary(const ListedRepo& listed);

 private:
  static constexpr std::size_t cache_bytes = 32u << 20;
  /// Summaries that go into one transaction, how long fewer wait for it, and the largest one that
  /// is kept on disk.
  static constexpr std::size_t batch_rows_max = 256;
  static constexpr storage::TimeMs batch_wait = std::chrono::seconds(10);
  static constexpr std::size_t row_bytes_max = 64u << 10;
  static constexpr std::size_t stripes = 16;

  /// What a repo is in lists; nullptr if it is gone.
  Result<ListIndex::Repo> look_at(std::uint64_t uid);
  /// To be written, unless it is.
  void keep(std::uint64_t uid, const Summary& summary);
  void write_kept();
  Status mark_all();
  /// Brings the index up to all changes that were acknowledged before the call.
  Status refresh();
  Status refresh(const std::vector<std::uint64_t>& uids);
  /// Puts the repos in again whose counts or whose days have changed.
  void rank_again();
  void mark(std::uint64_t uid);
  std::uint64_t likes_of(std::uint64_t uid);

  storage::Store& store_;
  storage::Clock& clock_;
  WeightReader weights_;
  UsedStorage used_;
  Downloads downloads_;
  storage::LruCache<std::string, Summary> summaries_;
  std::array<std::mutex, stripes> making_;  // by commit: the same summary is not made twice at once

  std::mutex refresh_mutex_;
  bool loaded_ = false;                   // under refresh_mutex_
  std::uint64_t ranked_day_ = 0;          // likewise
  storage::SoftTable::Values unwritten_;  // likewise
  storage::TimeMs written_{};             // likewise: when that was last done
  ListIndex index_;

  std::atomic<bool> stale_{true};  // something is marked, or nothing was loaded yet
  std::mutex marked_mutex_;
  std::unordered_set<std::uint64_t> marked_;
  std::unordered_map<std::uint64_t, std::uint64_t> likes_;  // of repos that were asked for
  std::uint64_t marks_ = 0;  // so far: what was read of a repo before one may be old
};

}  // namespace waag::daemon
