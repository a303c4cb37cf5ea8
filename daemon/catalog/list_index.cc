#include "daemon/catalog/list_index.h"

#include <mutex>

namespace waag::daemon {
namespace {

/// Takes what the query and `sees` take from [at, end) until `limit` are found.
template <class Iterator>
std::vector<ListIndex::Repo> collect(Iterator at, Iterator end, const ListQuery& query,
                                     std::size_t limit,
                                     const std::function<bool(const ListedRepo&)>& sees) {
  std::vector<ListIndex::Repo> found;
  for (; at != end && found.size() < limit; ++at)
    if (query.takes(*at->second) && sees(*at->second)) found.push_back(at->second);
  return found;
}

}  // namespace

void ListIndex::remove(const ListedRepo& repo) {
  auto& orders = orders_of(repo);
  for (std::size_t sort = 0; sort < sorts; ++sort)
    orders[sort].erase(place_of(repo, static_cast<SortBy>(sort)));
}

void ListIndex::add(const Repo& repo) {
  auto& orders = orders_of(*repo);
  for (std::size_t sort = 0; sort < sorts; ++sort)
    orders[sort].emplace(place_of(*repo, static_cast<SortBy>(sort)), repo);
}

void ListIndex::apply(const std::vector<Change>& changes) {
  const std::unique_lock lock(mutex_);
  for (const auto& change : changes) {
    if (const auto known = by_uid_.find(change.uid); known != by_uid_.end()) {
      remove(*known->second);
      by_uid_.erase(known);
    }
    if (!change.repo) continue;
    add(change.repo);
    by_uid_.emplace(change.uid, change.repo);
  }
}

ListIndex::Repo ListIndex::find(std::uint64_t uid) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? nullptr : found->second;
}

std::vector<ListIndex::Repo> ListIndex::all(RepoType type) const {
  const std::shared_lock lock(mutex_);
  const auto& order =
      orders_[static_cast<std::size_t>(type)][static_cast<std::size_t>(SortBy::name)];
  std::vector<Repo> repos;
  repos.reserve(order.size());
  for (const auto& [place, repo] : order) repos.push_back(repo);
  return repos;
}

std::vector<ListIndex::Repo> ListIndex::find(
    const ListQuery& query, std::size_t limit,
    const std::function<bool(const ListedRepo&)>& sees) const {
  if (query.nothing) return {};
  const std::shared_lock lock(mutex_);
  const auto& order =
      orders_[static_cast<std::size_t>(query.type)][static_cast<std::size_t>(query.sort)];
  if (query.ascending) {
    const auto first = query.after ? order.lower_bound(*query.after) : order.end();
    return collect(std::make_reverse_iterator(first), order.rend(), query, limit, sees);
  }
  const auto first = query.after ? order.upper_bound(*query.after) : order.begin();
  return collect(first, order.end(), query, limit, sees);
}

}  // namespace waag::daemon
