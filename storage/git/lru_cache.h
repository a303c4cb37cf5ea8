#pragma once

#include <memory>
#include <mutex>

#include "storage/pack/lru.h"

namespace waag::storage {

/// Immutable values by key, the least recently used ones dropped above a total weight. Thread-safe;
/// a value that was handed out lives as long as its holder wants.
template <class Key, class Value>
class LruCache {
 public:
  explicit LruCache(std::size_t weight_max) : lru_(weight_max) {}

  /// nullptr if it is not (or no longer) there.
  std::shared_ptr<const Value> find(const Key& key) {
    const std::lock_guard lock(mutex_);
    return lru_.find(key).value_or(nullptr);
  }

  /// A value heavier than the whole cache is not kept.
  void put(const Key& key, std::shared_ptr<const Value> value, std::size_t weight) {
    const std::lock_guard lock(mutex_);
    lru_.put(key, std::move(value), weight);
  }

 private:
  std::mutex mutex_;
  pack::Lru<Key, std::shared_ptr<const Value>> lru_;
};

}  // namespace waag::storage
