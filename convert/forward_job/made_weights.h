#pragma once

#include <memory>

#include "convert/forward/forward.h"
#include "convert/source/made_model.h"

namespace waag::convert {

/// The weights of what was made of a model.
struct MadeWeights {
  std::unique_ptr<SourceModel> folder;  // outlives `weights`
  std::unique_ptr<ModelWeights> weights;
};

/// @param made    empty: the model's own weights
/// @param source  must outlive them
/// @return errors of opening; Errc::unprocessable if it was made of another model
Result<MadeWeights> open_made(const MadeModel& made, const SourceModel& source,
                              const Forward& forward);

/// As many as are asked for, or as there are cores.
unsigned workers_of(unsigned threads);

}  // namespace waag::convert
