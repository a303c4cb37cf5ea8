#pragma once

#include "tests/support/store_workload.h"

namespace waag::testing {

/// What a store holds after a crash, measured by models that knew nothing of it.
struct Verdict {
  std::vector<std::string> problems;  // empty: the store is whole
  bool next_happened = false;         // the step in flight is there, all of it
};

/// Compares every byte with what was acknowledged, or with that and the step in flight.
Verdict compare(storage::Store& store, const Model& acknowledged, const Model& with_next);
/// Likewise, and fsck has nothing to say.
Verdict examine(storage::Store& store, const Model& acknowledged, const Model& with_next);

}  // namespace waag::testing
