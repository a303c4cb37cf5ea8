#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "convert/validate/divergence.h"
#include "convert/validate/gates/verdict.h"
#include "convert/validate/weight_errors.h"
#include "convert/validation_job/evaluation.h"

/// What a validation says: each a JSON object and a newline.
namespace waag::convert {

/// @param places  that are scored
std::string text_event(const Evaluation& of, std::uint64_t places);

std::string weights_event(std::string_view target, const WeightErrors& of);

/// How far a result is off behind a block.
struct BlockError {
  std::uint64_t block = 0, blocks = 0;
  double error = 0;
};
std::string block_event(std::string_view target, const BlockError& of);
std::string compared_event(std::string_view target, const DivergenceSummary& of);
std::string verdict_event(std::string_view target, const Judgement& of);

}  // namespace waag::convert
