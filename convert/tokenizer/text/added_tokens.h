#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/text/normalizer.h"
#include "protocol/result.h"

namespace waag::convert {

/// Bytes of the text of one added token; published ones have below 100. Our own bound: looking for
/// them takes, at worst, this long at each byte of a text.
inline constexpr std::size_t added_token_bytes_max = 1024;
/// Of all of them together, as they are looked for; published ones have below 100 KiB.
inline constexpr std::size_t added_tokens_bytes_max = 16 * 1024 * 1024;

/// The `added_tokens` of a tokenizer.json, which are looked for in the text before it is split:
/// some as it came, some once it is normalized; of several the leftmost, and of those the longest.
/// Special tokens, such as "<|endoftext|>", are plain text to this reader of texts from outside,
/// but where one stands no other is found (`encode_special_tokens` of the library).
/// Source: huggingface/tokenizers src/tokenizer/added_vocabulary.rs.
class AddedTokens {
 public:
  /// A part of the text, or an added token that stands there.
  struct Part {
    std::string_view text{};
    bool begins = false;  // nothing stands before it
    std::optional<std::uint32_t> id;
  };
  using Sink = std::function<Status(const Part&)>;

  /// @param tokenizer   tokenizer.json
  /// @return Errc::unprocessable if it is malformed or has what is not known: `single_word`
  static Result<AddedTokens> read(const boost::json::object& tokenizer,
                                  const Normalizer& normalizer);

  /// Cuts the text, normalizes what is left, and cuts that.
  Status each(std::string_view text, const Normalizer& normalizer, const Sink& sink) const;

 private:
  struct Token {
    std::string text;
    std::uint32_t id = 0;
    bool is_special = false;
    bool strips_left = false, strips_right = false;  // takes the white space beside it, too
  };
  struct Entry {
    Token token;
    bool is_normalized = false;
  };
  /// One of the two sets.
  struct Set {
    std::vector<Token> tokens;  // by text

    Status close();
    [[nodiscard]] const Token* longest_at(std::string_view text) const;
    Status cut(std::string_view text, bool begins, const Sink& sink) const;
  };

  static Result<Entry> read_token(const boost::json::value& from, const Normalizer& normalizer);

  Set raw_, normalized_;
};

}  // namespace waag::convert
