#include "convert/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <vector>

#include <boost/json/value.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr int sequence_depth_max = 4;  // nested Sequence; published files have one
constexpr std::size_t steps_max = 16;  // the longest published pre-tokenizer has seven
// Steps that are no regular expression (none begins with this character).
constexpr std::string_view digits = "\1digits";          // each digit alone
constexpr std::string_view bytes = "\1bytes";            // the byte alphabet only
constexpr std::string_view bytes_gpt2 = "\1bytes gpt2";  // GPT-2's expression, then bytes
constexpr std::string_view and_more = "...";             // end of a step of which the rest is free

/// One split by a regular expression, in tokenizer.json's spelling, a line end as \r or \n.
constexpr std::string_view llama3_split =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen2_split =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen35_split =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|)"
    R"( ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view tekken_split =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view deepseek3_split =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|)"
    R"( ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct Known {
  std::string_view name;
  std::vector<std::string_view> steps;
};

/// DeepSeek's list of letters runs over a thousand characters: its beginning tells it.
const std::vector<Known>& known() {
  static const std::vector<Known> all{
      {"llama-bpe", {llama3_split, bytes}},
      {"qwen2", {qwen2_split, bytes}},
      {"qwen35", {qwen35_split, bytes}},
      {"tekken", {tekken_split, bytes}},
      {"deepseek-v3",
       {R"(\p{N}{1,3})", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", deepseek3_split, bytes}},
      {"deepseek-llm",
       {R"([\r\n])", "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba...",
        "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", R"(\s+$)",
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", digits, bytes}},
      {"deepseek-coder",
       {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
        digits, bytes}},
      {"smollm", {digits, bytes_gpt2}},
      {"gpt-2", {bytes_gpt2}},
  };
  return all;
}

bool flag(const json::object& from, std::string_view key, bool otherwise) {
  const auto value = hub::json_bool(from, key);
  return value && *value ? **value : otherwise;
}

std::string text_of(const json::object& from, std::string_view key) {
  auto value = hub::json_string(from, key);
  return value && *value ? std::move(**value) : std::string();
}

std::string with_escaped_line_ends(std::string_view regex) {
  std::string escaped;
  for (const char c : regex) {
    if (c == '\r') {
      escaped += "\\r";
    } else if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// Both ways of keeping the matches: as pieces of their own, or by removing what does not match
/// (nothing is left over by these expressions).
bool keeps_matches(const json::object& split) {
  const auto behavior = text_of(split, "behavior");
  const bool invert = flag(split, "invert", false);
  return (behavior == "Isolated" && !invert) || (behavior == "Removed" && invert);
}

/// Empty if llama.cpp has nothing like it.
std::string describe(const json::object& step) {
  const auto type = text_of(step, "type");
  if (type == "Digits" && flag(step, "individual_digits", false)) return std::string(digits);
  if (type == "ByteLevel" && !flag(step, "add_prefix_space", true)) {
    return std::string(flag(step, "use_regex", true) ? bytes_gpt2 : bytes);
  }
  if (type != "Split" || !keeps_matches(step)) return {};
  const auto* pattern = step.if_contains("pattern");
  if (pattern == nullptr || !pattern->is_object()) return {};
  return with_escaped_line_ends(text_of(pattern->get_object(), "Regex"));
}

bool flatten(const json::value* from, int depth, std::vector<std::string>& steps) {
  if (from == nullptr || !from->is_object() || depth > sequence_depth_max) return false;
  const auto& object = from->get_object();
  if (text_of(object, "type") != "Sequence") {
    steps.push_back(describe(object));
    return !steps.back().empty() && steps.size() <= steps_max;
  }
  const auto* parts = hub::json_array(object, "pretokenizers");
  if (parts == nullptr) return false;
  for (const auto& part : *parts) {
    if (!flatten(&part, depth + 1, steps)) return false;
  }
  return true;
}

bool matches(std::string_view step, std::string_view known_step) {
  if (!known_step.ends_with(and_more)) return step == known_step;
  known_step.remove_suffix(and_more.size());
  return step.starts_with(known_step);
}

bool matches(const std::vector<std::string>& steps, const Known& row) {
  return std::equal(steps.begin(), steps.end(), row.steps.begin(), row.steps.end(),
                    [](std::string_view a, std::string_view b) { return matches(a, b); });
}

bool is_plain_normalizer(const json::value* from, int depth) {
  if (from == nullptr || from->is_null()) return true;
  if (!from->is_object() || depth > sequence_depth_max) return false;
  const auto& object = from->get_object();
  const auto type = text_of(object, "type");
  if (type == "NFC") return true;
  const auto* parts = hub::json_array(object, "normalizers");
  if (type != "Sequence" || parts == nullptr) return false;
  for (const auto& part : *parts) {
    if (!is_plain_normalizer(&part, depth + 1)) return false;
  }
  return true;
}

/// llama.cpp's converter tells these two pairs apart by whether the ids of its probe text begin
/// with a BOS.
std::string variant_of(std::string_view name, bool adds_bos) {
  if (name == "qwen2" && adds_bos) return "deepseek-r1-qwen";
  if (name == "llama-bpe" && !adds_bos) return "smaug-bpe";
  return std::string(name);
}

}  // namespace

Result<std::string> pre_tokenizer_name(const json::object& tokenizer, bool adds_bos) {
  if (!is_plain_normalizer(tokenizer.if_contains("normalizer"), 0)) {
    return fail(Errc::unprocessable, "tokenizer.json: llama.cpp cannot apply this normalizer");
  }
  std::vector<std::string> steps;
  if (flatten(tokenizer.if_contains("pre_tokenizer"), 0, steps)) {
    for (const auto& row : known()) {
      if (matches(steps, row)) return variant_of(row.name, adds_bos);
    }
  }
  std::string names;
  for (const auto& row : known()) names.append(names.empty() ? "" : ", ").append(row.name);
  return fail(Errc::unprocessable,
              "tokenizer.json: llama.cpp has no name for this pre_tokenizer; known are " + names);
}

bool is_tekken_pattern(std::string_view regex) {
  return with_escaped_line_ends(regex) == tekken_split;
}

}  // namespace waag::convert
