#include "tests/emulated_cuda/ptx.h"

namespace waag::emulated {

std::string rounding_fault(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  const bool is_float = has(".f16") || has(".bf16") || has(".f32") || has(".f64") || has(".tf32");
  if (name.starts_with("fma") || (is_float && name.starts_with("mad"))) return "is contracted";
  if (has(".approx") || has(".full")) return "is approximated";
  if (has(".ftz")) return "flushes subnormals";
  if (!is_float) return "";
  for (const auto* operation : {"add", "sub", "mul", "div", "sqrt", "rcp"})
    if (name.starts_with(operation) && !has(".rn")) return "is not marked as rounding to nearest";
  return "";
}

}  // namespace waag::emulated
