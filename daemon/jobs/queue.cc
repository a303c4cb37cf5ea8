#include "daemon/jobs/queue.h"

#include <algorithm>

namespace waag::daemon {

void JobQueue::push(Waiting job) { waiting_.insert(std::move(job)); }

bool JobQueue::remove(std::uint64_t id) {
  return std::erase_if(waiting_, [id](const Waiting& job) { return job.id == id; }) > 0;
}

std::optional<JobQueue::Waiting> JobQueue::take(storage::TimeMs now) {
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    const auto limit = limits_.find(at->kind);
    if (limit == limits_.end() || at->not_before > now) continue;
    auto& running = running_[at->kind];
    if (running >= limit->second) continue;
    ++running;
    return std::move(waiting_.extract(at).value());
  }
  return std::nullopt;
}

void JobQueue::release(const std::string& kind) { --running_[kind]; }

bool JobQueue::any_later(storage::TimeMs now) const {
  return std::ranges::any_of(waiting_, [now](const Waiting& job) { return job.not_before > now; });
}

}  // namespace waag::daemon
