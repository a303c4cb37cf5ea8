#pragma once

#include "convert/forward/facts.h"
#include "convert/forward/kernels/matrix.h"
#include "convert/forward/rows.h"

namespace waag::convert {

/// One block of a model, to be run over the tokens of some texts.
struct BlockStep {
  const Facts& facts;
  Engine engine;
  const Texts& texts;
  const Rotations& rotations;
  std::uint64_t block = 0;

  [[nodiscard]] std::string name(std::string_view target, std::uint64_t expert = 0) const {
    return facts.name(target, block, expert);
  }
  /// Whether the model has that weight.
  [[nodiscard]] bool has(std::string_view target) const {
    return engine.weights.shape(name(target)).has_value();
  }
};

}  // namespace waag::convert
