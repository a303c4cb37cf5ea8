#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "convert/write/gguf_pairs.h"
#include "protocol/result.h"

namespace waag::convert {

/// What the model's config says that the tokenizer needs.
struct TokenizerOptions {
  std::uint64_t vocab_size = 0;  // rows of the embedding: as many tokens are written
  std::string config_text;       // config.json
};

/// Takes what the user must know although the tokenizer is converted.
using WarningSink = std::function<void(std::string_view)>;

/// Every `tokenizer.*` pair of the GGUF for the tokenizer in `folder` (FORMATS 2.5): byte-level BPE
/// from tokenizer.json or, where there is nothing else, from tekken.json; SentencePiece from
/// tokenizer.model or, where that was left out, from tokenizer.json; special tokens; chat
/// templates.
/// @return Errc::unprocessable if a file is malformed, has more tokens than vocab_size, or uses a
/// pre-tokenizer that llama.cpp has no name for (a wrong one silently degrades);
/// Errc::not_found if there is no tokenizer
Result<GgufEntries> read_tokenizer(const std::filesystem::path& folder,
                                   const TokenizerOptions& options, const WarningSink& warn = {});

}  // namespace waag::convert
