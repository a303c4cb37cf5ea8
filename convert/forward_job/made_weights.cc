#include "convert/forward_job/made_weights.h"

#include <algorithm>
#include <thread>

#include "convert/forward/weights/gguf_weights.h"
#include "convert/forward/weights/source_weights.h"

namespace waag::convert {

Result<MadeWeights> open_made(const MadeModel& made, const SourceModel& source,
                              const Forward& forward) {
  MadeWeights opened;
  if (!made.gguf.empty()) {
    WAAG_TRY(auto gguf, GgufWeights::open(made.gguf, source));
    opened.weights = std::make_unique<GgufWeights>(std::move(gguf));
    return opened;
  }
  const auto* of = &source;
  if (!made.folder.empty()) {
    WAAG_TRY(auto folder, SourceModel::open(made.folder));
    opened.folder = std::make_unique<SourceModel>(std::move(folder));
    of = opened.folder.get();
  }
  opened.weights = std::make_unique<SourceModelWeights>(*of, forward.facts().of);
  return opened;
}

unsigned workers_of(unsigned threads) {
  return threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace waag::convert
