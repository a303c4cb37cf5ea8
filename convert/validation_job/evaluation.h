#pragma once

#include <string>
#include <vector>

#include "convert/source/source_model.h"
#include "convert/validation_job/validation_spec.h"

namespace waag::convert {

/// What models are run over.
struct Evaluation {
  std::string id;                // of the bundled text, "given", or "tokens"
  std::string sha256;            // of the text, hex; empty of tokens
  std::string tokenizer_sha256;  // likewise
  std::uint64_t context = 0;     // tokens of a chunk; of tokens that are given, of the longest
  std::vector<std::vector<std::uint32_t>> chunks;

  [[nodiscard]] std::uint64_t tokens() const;
};

/// The text that a spec names, split by the model's own tokenizer.
/// @return Errc::unprocessable if the text is larger than text_bytes_max, shorter than one chunk,
/// or the tokenizer is one that is not known here
Result<Evaluation> read_evaluation(const ValidationSpec& spec, const SourceModel& source);

}  // namespace waag::convert
