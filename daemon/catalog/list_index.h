#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "daemon/catalog/list_query.h"

namespace waag::daemon {

/// All repos in memory, in each order that lists can have: a page costs what is looked at from its
/// cursor to its end, and a change a few steps in each order. Thread-safe.
class ListIndex {
 public:
  using Repo = std::shared_ptr<const ListedRepo>;

  /// Puts a repo in or, with nullptr, takes it out.
  struct Change {
    std::uint64_t uid = 0;
    Repo repo;
  };
  void apply(const std::vector<Change>& changes);

  [[nodiscard]] Repo find(std::uint64_t uid) const;
  [[nodiscard]] std::vector<Repo> all(RepoType type) const;  // by name, the last one first
  /// Repos of the query's type from its cursor on that it and `sees` take, at most `limit`. `sees`
  /// runs under a lock: it must be quick and not call this.
  [[nodiscard]] std::vector<Repo> find(const ListQuery& query, std::size_t limit,
                                       const std::function<bool(const ListedRepo&)>& sees) const;

 private:
  /// The highest place first.
  using Order = std::map<Place, Repo, std::greater<>>;
  using Orders = std::array<Order, sorts>;
  static constexpr std::size_t types = 3;

  void remove(const ListedRepo& repo);
  void add(const Repo& repo);
  Orders& orders_of(const ListedRepo& repo) {
    return orders_[static_cast<std::size_t>(repo.repo.id.type)];
  }

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, Repo> by_uid_;
  std::array<Orders, types> orders_;
};

}  // namespace waag::daemon
