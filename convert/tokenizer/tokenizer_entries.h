#pragma once

#include "convert/tokenizer/tokenizer.h"
#include "convert/tokenizer/tokenizer_texts.h"

namespace waag::convert {

/// The same as read_tokenizer, of files that have been read. tokenizer.model wins over
/// tokenizer.json, except for DeepSeek-V2 and V3, as in llama.cpp's converter; tekken.json counts
/// where there is neither.
Result<GgufEntries> tokenizer_entries(const TokenizerTexts& texts, const TokenizerOptions& options,
                                      const WarningSink& warn = {});

}  // namespace waag::convert
