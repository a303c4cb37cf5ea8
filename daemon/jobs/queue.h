#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "storage/meta/row_codec.h"

namespace waag::daemon {

/// The order in which jobs run: of those that are due and whose kind has room, the one of highest
/// priority, and among equals the oldest. Knows ids and numbers only; its owner locks.
class JobQueue {
 public:
  struct Waiting {
    std::uint64_t id = 0;
    std::string kind;
    std::int32_t priority = 0;
    storage::TimeMs not_before{};
  };

  /// Jobs of the kind that may run side by side. A kind without a limit never runs.
  void set_limit(const std::string& kind, unsigned at_once) { limits_[kind] = at_once; }

  void push(Waiting job);
  /// @return false if it was not waiting
  bool remove(std::uint64_t id);
  /// Takes the next job, which occupies its kind until release().
  std::optional<Waiting> take(storage::TimeMs now);
  void release(const std::string& kind);
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  /// Whether time alone could bring a job: some wait for theirs to come.
  [[nodiscard]] bool any_later(storage::TimeMs now) const;

 private:
  struct Sooner {
    bool operator()(const Waiting& a, const Waiting& b) const {
      return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
    }
  };
  std::set<Waiting, Sooner> waiting_;
  std::map<std::string, unsigned> limits_, running_;
};

}  // namespace waag::daemon
