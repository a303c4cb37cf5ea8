#include "convert/tokenizer/tokenizer.h"

#include "convert/tokenizer/tokenizer_entries.h"
#include "convert/tokenizer/tokenizer_texts.h"

namespace waag::convert {

Result<GgufEntries> read_tokenizer(const std::filesystem::path& folder,
                                   const TokenizerOptions& options, const WarningSink& warn) {
  WAAG_TRY(const auto texts, read_tokenizer_texts(folder));
  return tokenizer_entries(texts, options, warn);
}

}  // namespace waag::convert
