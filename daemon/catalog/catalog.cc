#include "daemon/catalog/catalog.h"

#include "daemon/app.h"
#include "daemon/auth/permission.h"
#include "daemon/catalog/summarise.h"
#include "storage/meta/tables/likes.h"

namespace waag::daemon {
namespace {

constexpr std::size_t scan_rows = 1000;

/// Two repos of different types may share a commit, and yet be described differently.
std::string cache_key(RepoType type, const CommitId& commit) {
  auto key = std::string(as_text(commit.view()));
  key.push_back(static_cast<char>(type));
  return key;
}

}  // namespace

std::shared_ptr<Catalog> make_catalog(storage::Store& store, storage::Clock& clock) {
  return std::make_shared<Catalog>(store, clock);
}

Catalog::Catalog(storage::Store& store, storage::Clock& clock)
    : store_(store),
      clock_(clock),
      weights_(store),
      used_(store),
      downloads_(store, clock),
      summaries_(cache_bytes) {
  store_.watch_repos([this](std::uint64_t uid) { mark(uid); });
}

Catalog::~Catalog() {
  store_.watch_repos(nullptr);
  // What cannot be written now is what a crash would lose.
  static_cast<void>(downloads_.flush());
  write_kept();
}

void Catalog::mark(std::uint64_t uid) {
  const std::lock_guard lock(marked_mutex_);
  marked_.insert(uid);
  likes_.erase(uid);
  ++marks_;
  stale_.store(true, std::memory_order_release);
}

std::uint64_t Catalog::likes_of(std::uint64_t uid) {
  std::uint64_t marks_before = 0;
  {
    const std::lock_guard lock(marked_mutex_);
    if (const auto known = likes_.find(uid); known != likes_.end()) return known->second;
    marks_before = marks_;
  }
  const auto count = store_.likes().count(uid);
  if (!count) return 0;  // a number that cannot be read must not hide the repo
  const std::lock_guard lock(marked_mutex_);
  if (marks_ == marks_before) likes_[uid] = *count;
  return *count;
}

Result<std::uint64_t> Catalog::used_storage(std::uint64_t uid, const Summary& summary) {
  WAAG_TRY(const auto lfs_bytes, used_.lfs_bytes(uid));
  return lfs_bytes + summary.regular_bytes;
}

Popularity Catalog::popularity(std::uint64_t uid) {
  const auto counts = downloads_.of(uid);
  Popularity popularity;
  popularity.downloads = counts.recent;
  popularity.downloads_all_time = counts.all_time;
  popularity.likes = likes_of(uid);
  return popularity;
}

Result<std::shared_ptr<const Summary>> Catalog::summary(const storage::RepoRow& repo,
                                                        const storage::Snapshot& snapshot) {
  const auto& commit = snapshot.commit().id;
  const auto key = cache_key(repo.id.type, commit);
  if (auto known = summaries_.find(key)) return known;
  const std::lock_guard lock(making_[std::hash<CommitId>{}(commit) % stripes]);
  if (auto known = summaries_.find(key)) return known;
  std::shared_ptr<const Summary> made;
  const auto row = store_.summaries().find(repo.uid);
  if (row && *row && is_row_of(**row, commit)) {
    // A row that cannot be read is none.
    if (auto kept = decode_summary(**row)) made = std::make_shared<const Summary>(*std::move(kept));
  }
  if (!made) {
    WAAG_TRY(auto fresh, summarise(store_, weights_, repo.id.type, snapshot));
    made = std::make_shared<const Summary>(std::move(fresh));
  }
  summaries_.put(key, made, made->weight());
  return made;
}

std::shared_ptr<const Summary> Catalog::summary(const ListedRepo& listed) {
  if (auto known = summaries_.find(cache_key(listed.repo.id.type, listed.head))) return known;
  const auto snapshot = store_.snapshot(listed.repo.uid, listed.head);
  if (!snapshot) return nullptr;
  auto made = summary(listed.repo, **snapshot);
  return made ? *std::move(made) : nullptr;
}

void Catalog::keep(std::uint64_t uid, const Summary& summary) {
  const auto row = store_.summaries().find(uid);
  if (row && *row && is_row_of(**row, summary.commit)) return;
  auto value = encode(summary);
  if (value.size() <= row_bytes_max) unwritten_.emplace_back(uid, std::move(value));
}

void Catalog::write_kept() {
  // What cannot be written is made again after the next start.
  if (!unwritten_.empty()) static_cast<void>(store_.summaries().put(unwritten_));
  unwritten_.clear();
  written_ = clock_.now();
}

Result<ListIndex::Repo> Catalog::look_at(std::uint64_t uid) {
  const auto repo = store_.find_repo_by_uid(uid);
  if (!repo && repo.error().code == Errc::repo_not_found) {
    downloads_.forget(uid);
    return ListIndex::Repo{};
  }
  if (!repo) return repo.error();
  // A repo whose head cannot be read is listed all the same: what is broken in it is its owner's to
  // see, and must not hide all others.
  auto seen = std::make_shared<const Summary>();
  if (const auto head = store_.resolve(uid, "HEAD")) {
    const auto snapshot = store_.snapshot(uid, *head);
    const auto found =
        snapshot ? summary(*repo, **snapshot) : Result<std::shared_ptr<const Summary>>();
    if (found && *found) {
      seen = *found;
      keep(uid, *seen);
    }
  }
  return ListIndex::Repo(std::make_shared<const ListedRepo>(*repo, *seen, popularity(uid)));
}

Status Catalog::mark_all() {
  for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space}) {
    std::string after;
    while (true) {
      WAAG_TRY(const auto rows, store_.list_repos(type, after, scan_rows));
      for (const auto& row : rows) mark(row.uid);
      if (rows.size() < scan_rows) break;
      after = rows.back().id.full_name();
    }
  }
  return ok();
}

Status Catalog::refresh(const std::vector<std::uint64_t>& uids) {
  std::vector<ListIndex::Change> changes;
  for (const auto uid : uids) {
    WAAG_TRY(auto repo, look_at(uid));
    changes.push_back({uid, std::move(repo)});
    if (unwritten_.size() >= batch_rows_max) write_kept();
  }
  index_.apply(changes);
  return ok();
}

void Catalog::rank_again() {
  auto uids = downloads_.take_changed();
  std::vector<ListIndex::Change> changes;
  const auto add = [this, &changes](const ListIndex::Repo& listed) {
    auto copy = std::make_shared<ListedRepo>(*listed);
    copy->popularity = popularity(listed->repo.uid);
    changes.push_back({listed->repo.uid, std::move(copy)});
  };
  if (const auto today = downloads_.today(); today != ranked_day_) {
    ranked_day_ = today;
    for (const auto type : {RepoType::model, RepoType::dataset, RepoType::space})
      for (const auto& listed : index_.all(type)) add(listed);
  } else {
    for (const auto uid : uids)
      if (const auto listed = index_.find(uid)) add(listed);
  }
  if (!changes.empty()) index_.apply(changes);
}

Status Catalog::refresh() {
  const std::lock_guard lock(refresh_mutex_);
  if (!loaded_) {
    ranked_day_ = downloads_.today();
    WAAG_CHECK(mark_all());
    loaded_ = true;
  }
  if (stale_.load(std::memory_order_acquire)) {
    std::vector<std::uint64_t> uids;
    {
      const std::lock_guard marked_lock(marked_mutex_);
      uids.assign(marked_.begin(), marked_.end());
      marked_.clear();
      stale_.store(false, std::memory_order_release);
    }
    if (auto done = refresh(uids); !done) {
      for (const auto uid : uids) mark(uid);
      return done;
    }
  }
  rank_again();
  const auto now = clock_.now();
  if (now - written_ >= batch_wait || now < written_) write_kept();
  return ok();
}

Result<Catalog::Page> Catalog::list(const ListQuery& query, const Identity& who) {
  WAAG_CHECK(refresh());
  const auto sees = [&who](const ListedRepo& listed) {
    return may(who, listed.repo, Action::read);
  };
  Page page;
  page.repos = index_.find(query, query.limit + 1, sees);
  if (page.repos.size() > query.limit) {
    page.repos.resize(query.limit);
    page.next = place_of(*page.repos.back(), query.sort);
  }
  return page;
}

Result<std::vector<ListIndex::Repo>> Catalog::readable(RepoType type, const Identity& who) {
  WAAG_CHECK(refresh());
  auto repos = index_.all(type);
  std::erase_if(repos,
                [&who](const auto& listed) { return !may(who, listed->repo, Action::read); });
  return repos;
}

}  // namespace waag::daemon
