#include "tests/crash/store_check.h"

namespace waag::testing {

Verdict compare(storage::Store& store, const Model& acknowledged, const Model& with_next,
                std::string_view owner) {
  Verdict verdict;
  verdict.problems = differences(store, acknowledged, owner);
  if (verdict.problems.empty() || acknowledged == with_next) return verdict;
  auto others = differences(store, with_next, owner);
  verdict.next_happened = others.empty();
  if (others.empty())
    verdict.problems.clear();
  else
    for (auto& other : others) verdict.problems.push_back("with the next step: " + other);
  return verdict;
}

Verdict examine(storage::Store& store, const Model& acknowledged, const Model& with_next) {
  auto verdict = compare(store, acknowledged, with_next);
  for (auto& problem : fsck_problems(store)) verdict.problems.push_back(std::move(problem));
  return verdict;
}

std::vector<std::string> fsck_problems(storage::Store& store) {
  auto report = storage::fsck(store);
  if (!report) return {"fsck: " + report.error().what};
  for (auto& problem : report->problems) problem.insert(0, "fsck: ");
  return std::move(report->problems);
}

}  // namespace waag::testing
