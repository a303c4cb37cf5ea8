#include "tests/crash/store_check.h"

namespace waag::testing {

Verdict compare(storage::Store& store, const Model& acknowledged, const Model& with_next) {
  Verdict verdict;
  verdict.problems = differences(store, acknowledged);
  if (verdict.problems.empty() || acknowledged == with_next) return verdict;
  auto others = differences(store, with_next);
  verdict.next_happened = others.empty();
  if (others.empty())
    verdict.problems.clear();
  else
    for (auto& other : others) verdict.problems.push_back("with the next step: " + other);
  return verdict;
}

Verdict examine(storage::Store& store, const Model& acknowledged, const Model& with_next) {
  auto verdict = compare(store, acknowledged, with_next);
  const auto report = storage::fsck(store);
  if (!report) {
    verdict.problems.push_back("fsck: " + report.error().what);
    return verdict;
  }
  for (const auto& problem : report->problems) verdict.problems.push_back("fsck: " + problem);
  return verdict;
}

}  // namespace waag::testing
