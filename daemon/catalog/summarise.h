#pragma once

#include "daemon/catalog/summary.h"
#include "daemon/catalog/weight_reader.h"

namespace waag::daemon {

/// Reads a commit's card, configs and headers of weight files. A file that cannot be read counts as
/// absent. Blocks.
/// @return an error only if the commit's tree cannot be listed
Result<Summary> summarise(storage::Store& store, WeightReader& weights, RepoType type,
                          const storage::Snapshot& snapshot);

}  // namespace waag::daemon
