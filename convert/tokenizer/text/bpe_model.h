#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/byte_level_bpe.h"
#include "convert/tokenizer/text/merging.h"
#include "protocol/result.h"

namespace waag::convert {

/// Ids by text, looked up without a copy.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using TextIds = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

/// The BPE model of a tokenizer: makes tokens of one piece of text.
/// Source: huggingface/tokenizers src/models/bpe/model.rs.
class BpeModel {
 public:
  /// @param model  `model` of a tokenizer.json
  /// @return Errc::unprocessable if it is malformed or has what is not known: another type, an
  /// affix, dropout, a merge of no tokens
  static Result<BpeModel> read(const boost::json::object& model);
  /// Of a vocabulary that is read already. A piece that is a token is that token, whatever merges
  /// would make of it.
  static Result<BpeModel> of_whole_pieces(const ByteLevelBpe& bpe);

  /// @param piece  UTF-8. A letter that is in no token is, by the model: bytes, or the unknown
  /// token, or left out
  void append(std::string_view piece, std::vector<std::uint32_t>& tokens) const;

 private:
  struct Unknown {
    bool is_open = false;
    std::string_view text{};
  };

  Status read_options(const boost::json::object& model);
  Status read_vocabulary(const boost::json::object& model);
  Status add_merge(const std::string& left, const std::string& right);
  void find_byte_tokens();
  void add_unknown(std::vector<Symbol>& symbols, std::string_view letter, Unknown& unknown) const;

  TextIds ids_;
  std::unordered_map<std::uint64_t, Merged> merges_;  // by the ids of the two
  std::uint32_t merge_count_ = 0;
  std::array<std::optional<std::uint32_t>, 256> byte_tokens_{};  // of byte_fallback: "<0x0A>"
  std::optional<std::uint32_t> unknown_;
  bool is_unknown_fused_ = false;
  bool ignores_merges_ = false;
};

/// Bytes of the letter at the front. @param text  UTF-8, not empty
std::size_t letter_bytes(std::string_view text);

/// "<0x0A>"
std::string byte_token(unsigned char byte);

}  // namespace waag::convert
