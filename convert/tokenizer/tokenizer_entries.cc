#include "convert/tokenizer/tokenizer_entries.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <boost/json/value.hpp>

#include "convert/tokenizer/byte_level_bpe.h"
#include "convert/tokenizer/chat_templates.h"
#include "convert/tokenizer/pre_tokenizer.h"
#include "convert/tokenizer/sentencepiece/merged_pieces.h"
#include "convert/tokenizer/sentencepiece/sentencepiece_vocabulary.h"
#include "convert/tokenizer/special_tokens.h"
#include "convert/tokenizer/tekken/tekken_vocabulary.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

/// CodeLlama's vocabulary and the ids of its infill tokens; Granite Code's, which takes no BOS.
/// Both are told by the size alone. Source: llama.cpp convert_hf_to_gguf.py, LlamaModel.set_vocab.
constexpr std::uint64_t codellama_vocab_size = 32016, granite_vocab_size = 49152;

constexpr std::string_view unigram_warning =
    "the tokenizer is a unigram model, which llama.cpp reads as if it were BPE: some texts become "
    "other tokens than with the original model, and answers may be worse";

constexpr std::string_view no_template_warning =
    "there is no chat template beside tekken.json (Mistral's own is code, in mistral-common): "
    "llama.cpp needs one to chat, --chat-template-file";

struct Parsed {
  std::optional<json::object> tokenizer, tekken, tokenizer_config, config, added_tokens;

  [[nodiscard]] TokenizerJsons pointers() const {
    const auto at = [](const auto& file) { return file ? &*file : nullptr; };
    return {at(tokenizer), at(tokenizer_config), at(config)};
  }
};

Result<std::optional<json::object>> parse(const std::optional<std::string>& text,
                                          const char* name) {
  if (!text) return std::optional<json::object>{};
  auto parsed = hub::parse_json_object(*text, tokenizer_bytes_max);
  if (!parsed) {
    return fail(Errc::unprocessable, std::string(name) + ": " + parsed.error().what);
  }
  return std::optional(std::move(*parsed));
}

/// Of config.json's architectures the first; empty if there is none.
std::string architecture(const Parsed& parsed) {
  const auto* list = parsed.config ? hub::json_array(*parsed.config, "architectures") : nullptr;
  if (list == nullptr || list->empty() || !list->front().is_string()) return {};
  return std::string(list->front().get_string());
}

void set(GgufEntries& entries, const std::string& key, GgufValue value) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const auto& entry) { return entry.key == key; });
  if (found == entries.end()) {
    entries.push_back({key, std::move(value)});
  } else {
    found->value = std::move(value);
  }
}

std::string id_key(std::string_view role) {
  std::string_view name = role;
  if (role == "unk") name = "unknown";
  if (role == "pad") name = "padding";
  if (role == "sep") name = "seperator";  // spelt so
  return "tokenizer.ggml." + std::string(name) + "_token_id";
}

void append_special(GgufEntries& entries, const SpecialTokens& special) {
  for (const auto& [role, id] : special.ids) entries.push_back({id_key(role), id});
  for (const auto& [role, value] : special.added) {
    entries.push_back({"tokenizer.ggml.add_" + role + "_token", value});
  }
}

void append_vocabulary(GgufEntries& entries, Vocabulary vocabulary) {
  std::vector<std::int32_t> types;
  for (const auto type : vocabulary.types) types.push_back(static_cast<std::int32_t>(type));
  entries.push_back({"tokenizer.ggml.tokens", std::move(vocabulary.tokens)});
  if (!vocabulary.scores.empty()) {
    entries.push_back({"tokenizer.ggml.scores", std::move(vocabulary.scores)});
  }
  entries.push_back({"tokenizer.ggml.token_type", std::move(types)});
}

GgufEntries byte_level_entries(std::string pre, ByteLevelBpe bpe, const SpecialTokens& special) {
  GgufEntries entries{{"tokenizer.ggml.model", std::string("gpt2")},
                      {"tokenizer.ggml.pre", std::move(pre)}};
  append_vocabulary(entries, std::move(bpe.vocabulary));
  if (!bpe.merges.empty()) entries.push_back({"tokenizer.ggml.merges", std::move(bpe.merges)});
  append_special(entries, special);
  return entries;
}

Result<GgufEntries> bpe_entries(const Parsed& parsed, std::uint64_t vocab_size) {
  const auto jsons = parsed.pointers();
  WAAG_TRY(auto special, read_special_tokens(jsons, vocab_size));
  WAAG_TRY(auto bpe, read_byte_level_bpe(*jsons.tokenizer, jsons.tokenizer_config, vocab_size));
  WAAG_TRY(auto pre, pre_tokenizer_name(*jsons.tokenizer, special.adds_bos()));
  return byte_level_entries(std::move(pre), std::move(bpe), special);
}

Result<GgufEntries> tekken_entries(const Parsed& parsed, std::uint64_t vocab_size) {
  WAAG_TRY(auto tokenizer, read_tekken(*parsed.tekken, vocab_size));
  return byte_level_entries("tekken", std::move(tokenizer.bpe), tokenizer.special);
}

Result<GgufEntries> sentencepiece_entries(std::vector<SentencePiece> pieces, const Parsed& parsed,
                                          std::uint64_t vocab_size) {
  const auto jsons = parsed.pointers();
  WAAG_TRY(auto special, read_special_tokens(jsons, vocab_size));
  const auto* added_tokens = parsed.added_tokens ? &*parsed.added_tokens : nullptr;
  WAAG_TRY(auto vocabulary, read_sentencepiece_vocabulary(std::move(pieces), added_tokens,
                                                          jsons.tokenizer_config, vocab_size));
  GgufEntries entries{{"tokenizer.ggml.model", std::string("llama")},
                      {"tokenizer.ggml.pre", std::string("default")}};
  append_vocabulary(entries, std::move(vocabulary));
  append_special(entries, special);
  return entries;
}

/// What only llama.cpp's architecture "llama" (Llama, Mistral, Mixtral) writes.
Status add_llama_entries(GgufEntries& entries, const Parsed& parsed, std::uint64_t vocab_size) {
  if (vocab_size == codellama_vocab_size) {
    set(entries, "tokenizer.ggml.prefix_token_id", std::uint32_t{32007});
    set(entries, "tokenizer.ggml.suffix_token_id", std::uint32_t{32008});
    set(entries, "tokenizer.ggml.middle_token_id", std::uint32_t{32009});
    set(entries, "tokenizer.ggml.eot_token_id", std::uint32_t{32010});
  }
  if (parsed.tokenizer_config) {
    const auto prefix = hub::json_bool(*parsed.tokenizer_config, "add_prefix_space");
    if (!prefix) {
      return fail(Errc::unprocessable, "tokenizer_config.json: " + prefix.error().what);
    }
    if (*prefix) set(entries, "tokenizer.ggml.add_space_prefix", **prefix);
  }
  if (vocab_size == granite_vocab_size) set(entries, "tokenizer.ggml.add_bos_token", false);
  return ok();
}

/// The GGUF's templates; of the files alone where a tekken.json came without settings, as it does.
Result<GgufEntries> template_entries(const TokenizerTexts& texts, const Parsed& parsed,
                                     bool is_tekken, const WarningSink& warn) {
  const auto* settings = parsed.pointers().tokenizer_config;
  if (!is_tekken) return chat_template_entries(texts, settings);
  WAAG_TRY(auto templates, settings == nullptr ? chat_template_file_entries(texts)
                                               : chat_template_entries(texts, settings));
  if (templates.empty() && warn) warn(no_template_warning);
  return templates;
}

bool is_llama(std::string_view architecture) {
  static constexpr std::array names{"LLaMAForCausalLM", "LlamaForCausalLM", "LlamaModel",
                                    "MistralForCausalLM", "MixtralForCausalLM"};
  return std::find(names.begin(), names.end(), architecture) != names.end();
}

}  // namespace

Result<GgufEntries> tokenizer_entries(const TokenizerTexts& texts, const TokenizerOptions& options,
                                      const WarningSink& warn) {
  Parsed parsed;
  WAAG_TRY(parsed.config, parse(options.config_text, "config.json"));
  WAAG_TRY(parsed.tokenizer_config, parse(texts.tokenizer_config, "tokenizer_config.json"));
  WAAG_TRY(parsed.tokenizer, parse(texts.tokenizer_json, "tokenizer.json"));
  WAAG_TRY(parsed.added_tokens, parse(texts.added_tokens, "added_tokens.json"));
  const bool is_tekken = !texts.sentencepiece_model && !parsed.tokenizer;
  if (is_tekken) {
    WAAG_TRY(parsed.tekken, parse(texts.tekken_json, "tekken.json"));
  }
  const auto of = architecture(parsed);
  const bool json_first = of.starts_with("DeepseekV2") || of.starts_with("DeepseekV3");
  Result<GgufEntries> entries = fail(Errc::not_found, "there is no tokenizer");
  if (texts.sentencepiece_model && !(json_first && parsed.tokenizer)) {
    WAAG_TRY(auto model, parse_sentencepiece_model(*texts.sentencepiece_model));
    if (model.is_unigram && warn) warn(unigram_warning);
    entries = sentencepiece_entries(std::move(model.pieces), parsed, options.vocab_size);
  } else if (parsed.tokenizer && is_of_sentencepiece(*parsed.tokenizer)) {
    WAAG_TRY(auto pieces, read_merged_pieces(*parsed.tokenizer, options.vocab_size));
    entries = sentencepiece_entries(std::move(pieces), parsed, options.vocab_size);
  } else if (parsed.tokenizer) {
    entries = bpe_entries(parsed, options.vocab_size);
  } else if (parsed.tekken) {
    entries = tekken_entries(parsed, options.vocab_size);
  }
  if (!entries) return entries;
  WAAG_TRY(auto templates, template_entries(texts, parsed, is_tekken, warn));
  for (auto& entry : templates) entries->push_back(std::move(entry));
  if (is_llama(of)) WAAG_CHECK(add_llama_entries(*entries, parsed, options.vocab_size));
  return entries;
}

}  // namespace waag::convert
