#include "convert/validation_job/evaluation.h"

#include <algorithm>

#include "convert/arch/model_config.h"
#include "convert/source/weight_file.h"
#include "convert/tokenizer/text/text_tokenizer.h"
#include "convert/validate/evaluation_text.h"
#include "convert/validation_job/chunks.h"
#include "protocol/hash.h"

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

/// No more tokens than the model has positions for.
Result<std::uint64_t> context_of(const ValidationSpec& spec, const SourceModel& source) {
  WAAG_TRY(const auto config, ModelConfig::parse(source.config_text()));
  WAAG_TRY(const auto most, config.uint({"max_position_embeddings"}));
  const auto context = std::min(spec.context, most.value_or(spec.context));
  if (context < validation_context_min)
    return fail(Errc::unprocessable, "the model takes " + std::to_string(context) + " tokens only");
  return context;
}

}  // namespace

std::uint64_t Evaluation::tokens() const {
  std::uint64_t count = 0;
  for (const auto& chunk : chunks) count += chunk.size();
  return count;
}

Result<Evaluation> read_evaluation(const ValidationSpec& spec, const SourceModel& source) {
  if (!spec.tokens.empty()) return of_tokens(spec);
  Evaluation evaluation;
  WAAG_TRY(evaluation.context, context_of(spec, source));
  std::string given;
  if (!spec.text.empty()) {
    WAAG_TRY(given, read_small_file(spec.text.parent_path(), spec.text.filename().string(),
                                    text_bytes_max));
  }
  const auto text = spec.text.empty() ? evaluation_text() : std::string_view(given);
  evaluation.id = spec.text.empty() ? std::string(evaluation_text_id) : "given";
  evaluation.sha256 = sha256(std::as_bytes(std::span(text))).hex();
  WAAG_TRY(const auto tokenizer, TextTokenizer::open(spec.model));
  evaluation.tokenizer_sha256 = tokenizer.sha256();
  WAAG_TRY(const auto tokens, tokenizer.tokens(text));
  WAAG_TRY(evaluation.chunks, cut_chunks(tokens, {.context = evaluation.context,
                                                  .chunks = spec.chunks,
                                                  .begin = tokenizer.bos()}));
  return evaluation;
}

}  // namespace waag::convert
