#include "storage/repo/history.h"

#include "storage/repo/frontier.h"

namespace waag::storage {
namespace {

std::string place_key(const CommitId& from, std::size_t before) {
  return from.hex() + std::to_string(before);
}

}  // namespace

Result<std::vector<CommitInfo>> History::walk(const CommitId& from, std::size_t skip,
                                              std::size_t limit) {
  std::vector<CommitInfo> found;
  Frontier frontier(objects_);
  const auto remember = [&](std::size_t before) {
    if (const auto* next = frontier.only())
      places_.put(place_key(from, before), std::make_shared<const CommitId>(*next), 1);
  };
  const auto known = skip == 0 ? nullptr : places_.find(place_key(from, skip));
  WAAG_CHECK(frontier.add(known ? *known : from));
  for (auto ahead = known ? 0 : skip; ahead > 0; --ahead) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return found;
  }
  if (skip > 0) remember(skip);
  while (found.size() < limit) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return found;
    found.push_back(*commit);
  }
  remember(skip + found.size());
  return found;
}

Result<std::uint64_t> History::length(const CommitId& from) {
  std::uint64_t steps = 0;
  std::uint64_t known = 0;
  for (CommitId at = from; known == 0; ++steps) {
    if (const auto length = lengths_.find(at)) {
      known = *length;
      break;
    }
    WAAG_TRY(const auto commit, objects_.commit(at));
    if (commit->parents.empty()) {
      known = 1;
      break;
    }
    if (commit->parents.size() > 1) {
      // Below a merge the lines share commits: only a full walk counts each once.
      WAAG_TRY(known, count_all(at));
      break;
    }
    at = commit->parents.front();
  }
  lengths_.put(from, std::make_shared<const std::uint64_t>(known + steps), 1);
  return known + steps;
}

Result<std::uint64_t> History::count_all(const CommitId& from) {
  Frontier frontier(objects_);
  WAAG_CHECK(frontier.add(from));
  for (std::uint64_t count = 0;; ++count) {
    WAAG_TRY(const auto commit, frontier.next());
    if (!commit) return count;
  }
}

}  // namespace waag::storage
