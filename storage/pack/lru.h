#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace waag::storage::pack {

/// Keeps the most recently used values within a budget of cost (bytes, or 1 each). Not thread-safe.
template <class Key, class Value>
class Lru {
 public:
  explicit Lru(std::size_t cost_max) : cost_max_(cost_max) {}

  std::optional<Value> find(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return std::nullopt;
    order_.splice(order_.begin(), order_, at->second);
    return at->second->value;
  }

  /// A value that costs more than the whole budget is not kept.
  void put(const Key& key, Value value, std::size_t cost) {
    erase(key);
    if (cost > cost_max_) return;
    order_.push_front({key, std::move(value), cost});
    index_[key] = order_.begin();
    cost_ += cost;
    while (cost_ > cost_max_) erase(Key(order_.back().key));
  }

  void erase(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    cost_ -= at->second->cost;
    order_.erase(at->second);
    index_.erase(at);
  }

 private:
  struct Item {
    Key key;
    Value value;
    std::size_t cost = 0;
  };
  std::size_t cost_max_;
  std::size_t cost_ = 0;
  std::list<Item> order_;  // most recent first
  std::unordered_map<Key, typename std::list<Item>::iterator> index_;
};

}  // namespace waag::storage::pack
