#pragma once

#include <map>
#include <optional>
#include <string>

#include "protocol/model/gguf_header.h"
#include "protocol/model/safetensors_header.h"

/// What a repo's info says about a weight file.
namespace waag::model {

/// Elements by type, in the names of safetensors ("BF16"). Saturates far above any model.
using ParameterCounts = std::map<std::string, std::uint64_t>;

ParameterCounts count_parameters(const SafetensorsHeader& header);
/// The sum over all types.
std::uint64_t total_of(const ParameterCounts& counts);

struct GgufSummary {
  std::uint64_t total = 0;  // elements of all tensors
  std::string architecture;
  std::optional<std::uint64_t> context_length;
  std::string chat_template;
  std::string bos_token;
  std::string eos_token;
  bool operator==(const GgufSummary&) const = default;
};

/// @param front  the file's bytes up to header.data_begin at least: the tokens are looked up there
GgufSummary summarise_gguf(const GgufHeader& header, ByteView front);

}  // namespace waag::model
