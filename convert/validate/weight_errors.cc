#include "convert/validate/weight_errors.h"

#include "convert/validate/pairs/folder_pairs.h"
#include "convert/validate/pairs/gguf_pairs.h"
#include "convert/validate/pairs/weight_pair.h"

namespace waag::convert {

Status measure_weights(const SourceModel& source, const MadeModel& made, Workers& workers,
                       const std::function<void(const WeightErrors&)>& on_tensor) {
  if (made.gguf.empty() == made.folder.empty())
    return fail(Errc::invalid_argument, "weights: a GGUF or a folder is what was made");
  const auto measure = [&](const WeightPair& pair) -> Status {
    WAAG_TRY(const auto errors, measure_pair(pair, workers));
    on_tensor(errors);
    return ok();
  };
  if (!made.folder.empty()) return each_folder_pair(source, made.folder, measure);
  return each_gguf_pair(source, made.gguf, measure);
}

}  // namespace waag::convert
