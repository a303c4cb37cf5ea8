#pragma once

#include "convert/arch/architecture.h"
#include "convert/forward/rope.h"
#include "convert/forward/routing.h"

namespace waag::convert {

/// How a model is run, of its architecture and its config.json.
struct Facts {
  const Architecture* architecture = nullptr;
  Dimensions of;
  double epsilon = 0;      // of the norms
  double score_scale = 1;  // of query times key
  Rope rope;
  std::vector<std::uint64_t> windows;  // of each block: how many tokens it sees; 0: all before
  Routing routing;

  /// The name of a weight in the source ("B.attn_q.weight"), or "".
  [[nodiscard]] std::string name(std::string_view target, std::uint64_t block = 0,
                                 std::uint64_t expert = 0) const {
    return source_name(*architecture, target, block, expert);
  }
};

/// @return Errc::unprocessable, naming the member of config.json, for anything that is not known
/// here and might change a result
/// Source: FORMATS 6.1, 6.6.
Result<Facts> read_facts(const ModelConfig& config);

}  // namespace waag::convert
