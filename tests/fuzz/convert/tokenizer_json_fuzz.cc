#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

#include "convert/tokenizer/tokenizer_entries.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

constexpr std::uint64_t vocab_size = 300;  // as many as fit a small input

/// The next file: the text up to a byte 0, which is in no JSON; nullopt if that is empty.
std::optional<std::string> next_file(std::string_view& input) {
  const auto end = std::min(input.find('\0'), input.size());
  std::string file(input.substr(0, end));
  input.remove_prefix(std::min(end + 1, input.size()));
  return file.empty() ? std::nullopt : std::optional(std::move(file));
}

template <class T>
const T* find(const convert::GgufEntries& entries, std::string_view key) {
  for (const auto& entry : entries) {
    if (entry.key == key) return std::get_if<T>(&entry.value);
  }
  return nullptr;
}

/// What llama.cpp asserts on loading.
void check(const convert::GgufEntries& entries) {
  std::set<std::string> keys;
  for (const auto& entry : entries) {
    FUZZ_REQUIRE(keys.insert(entry.key).second);
    FUZZ_REQUIRE(entry.key.starts_with("tokenizer."));
    if (const auto* text = std::get_if<std::string>(&entry.value)) FUZZ_REQUIRE(is_utf8(*text));
    if (entry.key.ends_with("_token_id")) {
      FUZZ_REQUIRE(std::get<std::uint32_t>(entry.value) < vocab_size);
    }
  }
  const auto* tokens = find<std::vector<std::string>>(entries, "tokenizer.ggml.tokens");
  const auto* types = find<std::vector<std::int32_t>>(entries, "tokenizer.ggml.token_type");
  const auto* scores = find<std::vector<float>>(entries, "tokenizer.ggml.scores");
  FUZZ_REQUIRE(tokens != nullptr && tokens->size() == vocab_size);
  FUZZ_REQUIRE(types != nullptr && types->size() == vocab_size);
  FUZZ_REQUIRE(scores == nullptr || scores->size() == vocab_size);
  FUZZ_REQUIRE(std::all_of(tokens->begin(), tokens->end(),
                           [](const auto& token) { return is_utf8(token); }));
  const auto* merges = find<std::vector<std::string>>(entries, "tokenizer.ggml.merges");
  if (merges == nullptr) return;
  for (const auto& merge : *merges) {
    FUZZ_REQUIRE(std::count(merge.begin(), merge.end(), ' ') == 1);
    FUZZ_REQUIRE(merge.front() != ' ' && merge.back() != ' ');
  }
}

}  // namespace

// The files one after the other, a byte 0 behind each: tokenizer.json, tokenizer_config.json,
// config.json, added_tokens.json, chat_template.json, tekken.json; the rest is tokenizer.model.
void fuzz::run(ByteView input) {
  std::string_view rest(reinterpret_cast<const char*>(input.data()), input.size());
  convert::TokenizerTexts texts;
  texts.tokenizer_json = next_file(rest);
  texts.tokenizer_config = next_file(rest);
  const auto config = next_file(rest).value_or("{}");
  texts.added_tokens = next_file(rest);
  texts.chat_template_json = next_file(rest);
  texts.tekken_json = next_file(rest);
  if (!rest.empty()) texts.sentencepiece_model = rest;
  const auto entries = convert::tokenizer_entries(texts, {vocab_size, config});
  if (entries) {
    check(*entries);
  } else {
    FUZZ_REQUIRE(entries.error().code == Errc::unprocessable ||
                 entries.error().code == Errc::not_found);
    FUZZ_REQUIRE(!entries.error().what.empty());
  }
}

WAAG_FUZZ_TARGET
