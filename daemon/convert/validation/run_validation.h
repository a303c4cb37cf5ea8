#pragma once

#include "daemon/config.h"
#include "daemon/convert/publish.h"
#include "daemon/convert/validation/validation.h"

namespace waag::daemon {

/// What a validation is started with.
struct ValidationInput {
  std::filesystem::path source;                  // the source's files, as the converter had them
  std::uint64_t source_bytes = 0;                // of weights
  std::map<std::string, std::uint64_t> tensors;  // of a target, where the converter told
};

/// Whether the model can be run over the evaluation text at all, with its tokenizer: asked before
/// hours go into a conversion, by a validation of a result that is not there yet.
/// @param scratch  of the job, with the source's files in in/
/// @return errors of run_converter_program(). Blocks
Status check_validation(const Config::Convert& config, JobContext& context,
                        const std::filesystem::path& scratch);

/// Runs `waag-convert --validate` over all that `conversion` made: a child that reads the source
/// and the outputs, and writes nothing. Tells how far it is.
/// @param conversion  checked (Publisher::check())
/// @return errors of run_converter_program() and Validation. Blocks
Result<Validation> run_validation(const Config::Convert& config, JobContext& context,
                                  const Conversion& conversion, const ValidationInput& input);

}  // namespace waag::daemon
