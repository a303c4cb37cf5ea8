#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "protocol/git/object.h"

namespace waag::storage {

/// Git ids in the order in which they were added, each once: 21 bytes and two to four table slots
/// of four bytes each, so that a history of millions of objects can be listed in memory.
class IdList {
 public:
  struct Item {
    GitId id;
    git::ObjectKind kind{git::ObjectKind::blob};
  };

  /// @return false if it is there already
  bool add(const GitId& id, git::ObjectKind kind) {
    if (slots_.size() < 2 * (items_.size() + 1)) grow();
    auto& slot = slots_[slot_of(id)];
    if (slot != empty) return false;
    slot = static_cast<std::uint32_t>(items_.size());
    items_.push_back({id, kind});
    return true;
  }
  [[nodiscard]] bool contains(const GitId& id) const { return find(id).has_value(); }
  /// Its number in the order of adding.
  [[nodiscard]] std::optional<std::uint32_t> find(const GitId& id) const {
    if (slots_.empty()) return std::nullopt;
    const auto at = slots_[slot_of(id)];
    return at == empty ? std::nullopt : std::optional(at);
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] const Item& operator[](std::size_t at) const { return items_[at]; }

 private:
  static constexpr std::uint32_t empty = 0xffffffff;
  static constexpr std::size_t slots_min = 64;

  /// Where `id` is, or would be put: the first free slot from its own on.
  [[nodiscard]] std::size_t slot_of(const GitId& id) const {
    auto at = std::hash<GitId>()(id) & (slots_.size() - 1);
    while (slots_[at] != empty && items_[slots_[at]].id != id) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    slots_.assign(std::max(slots_min, 2 * slots_.size()), empty);
    for (std::size_t i = 0; i < items_.size(); ++i)
      slots_[slot_of(items_[i].id)] = static_cast<std::uint32_t>(i);
  }

  std::vector<Item> items_;
  std::vector<std::uint32_t> slots_;  // a power of two of them
};

}  // namespace waag::storage
