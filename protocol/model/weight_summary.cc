#include "protocol/model/weight_summary.h"

#include <algorithm>

namespace waag::model {
namespace {

constexpr std::uint64_t count_max = std::uint64_t{1} << 62;

std::uint64_t elements_of(const TensorInfo& tensor) {
  std::uint64_t count = 1;
  for (const auto extent : tensor.shape) {
    if (extent != 0 && count > count_max / extent) return count_max;
    count *= extent;
  }
  return count;
}

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a > count_max - b ? count_max : a + b;
}

std::string text_at(const GgufHeader& header, std::string_view key) {
  const auto* pair = header.find(key);
  const auto* text = pair == nullptr ? nullptr : std::get_if<std::string>(&pair->value);
  return text == nullptr ? std::string() : *text;
}

/// A number of any integer type that is not negative.
std::optional<std::uint64_t> number_at(const GgufHeader& header, std::string_view key) {
  const auto* pair = header.find(key);
  if (pair == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::uint64_t>(&pair->value)) return *number;
  const auto* number = std::get_if<std::int64_t>(&pair->value);
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

/// The token that `key` numbers.
std::string token_at(const GgufHeader& header, ByteView front, std::string_view key) {
  const auto id = number_at(header, key);
  const auto* tokens = header.find("tokenizer.ggml.tokens");
  if (!id || tokens == nullptr || tokens->type != GgufType::array ||
      tokens->element != GgufType::string || *id >= tokens->count || tokens->end > front.size())
    return {};
  ByteReader in(front.subspan(tokens->begin, tokens->end - tokens->begin));
  for (std::uint64_t i = 0; i < *id && in.ok(); ++i) in.raw(in.fixed<std::uint64_t>());
  const auto text = in.raw(in.fixed<std::uint64_t>());
  return in.ok() ? std::string(as_text(text)) : std::string();
}

}  // namespace

ParameterCounts count_parameters(const SafetensorsHeader& header) {
  ParameterCounts counts;
  for (const auto& tensor : header.tensors) {
    auto& count = counts[std::string(safetensors_name(tensor.dtype))];
    count = add(count, elements_of(tensor));
  }
  return counts;
}

std::uint64_t total_of(const ParameterCounts& counts) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : counts) total = add(total, count);
  return total;
}

GgufSummary summarise_gguf(const GgufHeader& header, ByteView front) {
  GgufSummary summary;
  for (const auto& tensor : header.tensors) summary.total = add(summary.total, elements_of(tensor));
  summary.architecture = text_at(header, "general.architecture");
  summary.context_length = number_at(header, summary.architecture + ".context_length");
  summary.chat_template = text_at(header, "tokenizer.chat_template");
  summary.bos_token = token_at(header, front, "tokenizer.ggml.bos_token_id");
  summary.eos_token = token_at(header, front, "tokenizer.ggml.eos_token_id");
  return summary;
}

}  // namespace waag::model
