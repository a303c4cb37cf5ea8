#pragma once

#include "tests/support/store_workload.h"

namespace waag::testing {

/// What a store holds after a crash, measured by models that knew nothing of it.
struct Verdict {
  std::vector<std::string> problems;  // empty: the store is whole
  bool next_happened = false;         // the step in flight is there, all of it
};

/// Compares every byte with what was acknowledged, or with that and the step in flight; of all
/// that the owner's names begin with.
Verdict compare(storage::Store& store, const Model& acknowledged, const Model& with_next,
                std::string_view owner = "");
/// Likewise, and fsck has nothing to say.
Verdict examine(storage::Store& store, const Model& acknowledged, const Model& with_next);

/// What fsck finds.
std::vector<std::string> fsck_problems(storage::Store& store);

}  // namespace waag::testing
