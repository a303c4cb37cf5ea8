#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/text/bpe_tokenizer.h"
#include "convert/tokenizer/text/sentencepiece_tokenizer.h"
#include "protocol/result.h"

namespace waag::convert {

/// Makes tokens of a text as the model's own tokenizer does: of tokenizer.json as huggingface's
/// `tokenizers`, without that of tokenizer.model as SentencePiece, with neither of tekken.json as
/// tiktoken. What one of them asks for and is not known here is an error, and nothing is guessed.
class TextTokenizer {
 public:
  /// @param folder  the model's
  /// @return Errc::not_found if there is no tokenizer, Errc::unprocessable, naming the file and the
  /// part, if it is malformed or not understood
  static Result<TextTokenizer> open(const std::filesystem::path& folder);

  /// No BOS and no EOS; special tokens in the text are plain text.
  /// @return Errc::unprocessable if the text is no UTF-8, or a search in it is tried for too long;
  /// Errc::too_large above text_bytes_max
  [[nodiscard]] Result<std::vector<std::uint32_t>> tokens(std::string_view text) const;

  /// What the tokenizer puts in front by itself; nullopt if it does not.
  [[nodiscard]] std::optional<std::uint32_t> bos() const { return bos_; }
  /// Of the file that defines it, in hex.
  [[nodiscard]] const std::string& sha256() const { return sha256_; }

 private:
  Status open_sentencepiece(std::string_view model, const boost::json::object* settings);

  std::variant<BpeTokenizer, SentencePieceTokenizer> tokenizer_;
  std::optional<std::uint32_t> bos_;
  std::string sha256_;
};

}  // namespace waag::convert
