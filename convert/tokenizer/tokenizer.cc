#include "convert/tokenizer/tokenizer.h"

#include "convert/tokenizer/tokenizer_entries.h"
#include "convert/tokenizer/tokenizer_texts.h"

namespace waag::convert {

Result<GgufEntries> read_tokenizer(const std::filesystem::path& folder,
                                   const TokenizerOptions& options) {
  WAAG_TRY(const auto texts, read_tokenizer_texts(folder));
  return tokenizer_entries(texts, options);
}

}  // namespace waag::convert
