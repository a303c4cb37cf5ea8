#include "convert/validation_job/evaluation.h"

#include <algorithm>

#include "convert/validation_job/chunks.h"

namespace waag::convert {
namespace {

Evaluation of_tokens(const ValidationSpec& spec) {
  Evaluation evaluation;
  evaluation.id = "tokens";
  evaluation.chunks = spec.tokens;
  for (const auto& chunk : spec.tokens)
    evaluation.context = std::max<std::uint64_t>(evaluation.context, chunk.size());
  return evaluation;
}

}  // namespace

std::uint64_t Evaluation::tokens() const {
  std::uint64_t count = 0;
  for (const auto& chunk : chunks) count += chunk.size();
  return count;
}

Result<Evaluation> read_evaluation(const ValidationSpec& spec, const SourceModel&) {
  if (!spec.tokens.empty()) return of_tokens(spec);
  return fail(Errc::unprocessable, "texts are not split here yet: give tokens");
}

}  // namespace waag::convert
