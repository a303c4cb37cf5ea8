#include "convert/tokenizer/tekken/tekken_vocabulary.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <string>

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "convert/tokenizer/pre_tokenizer.h"
#include "convert/tokenizer/tekken/byte_alphabet.h"
#include "convert/tokenizer/tekken/rank_merges.h"
#include "protocol/base64.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

/// What a file without `special_tokens` means. Source: mistral-common, DEPRECATED_SPECIAL_TOKENS;
/// it takes them up to version v7.
constexpr std::array<std::string_view, 20> unwritten_specials{"<unk>",
                                                              "<s>",
                                                              "</s>",
                                                              "[INST]",
                                                              "[/INST]",
                                                              "[AVAILABLE_TOOLS]",
                                                              "[/AVAILABLE_TOOLS]",
                                                              "[TOOL_RESULTS]",
                                                              "[/TOOL_RESULTS]",
                                                              "[TOOL_CALLS]",
                                                              "[IMG]",
                                                              "<pad>",
                                                              "[IMG_BREAK]",
                                                              "[IMG_END]",
                                                              "[PREFIX]",
                                                              "[MIDDLE]",
                                                              "[SUFFIX]",
                                                              "[SYSTEM_PROMPT]",
                                                              "[/SYSTEM_PROMPT]",
                                                              "[TOOL_CONTENT]"};
constexpr std::array<std::string_view, 4> unwritten_versions{"v1", "v2", "v3", "v7"};

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tekken.json: " + what);
}

template <class T>
Result<T> as_malformed(Result<T> result) {
  if (!result) return malformed(result.error().what);
  return result;
}

class Reader {
 public:
  Reader(const json::object& tekken, std::uint64_t vocab_size)
      : tekken_(tekken), vocab_size_(vocab_size) {}

  Result<TekkenTokenizer> read() {
    WAAG_CHECK(read_config());
    WAAG_CHECK(read_specials());
    WAAG_CHECK(read_vocab());
    return finish();
  }

 private:
  Status read_config() {
    const auto* value = tekken_.if_contains("config");
    if (value == nullptr || !value->is_object()) return malformed("there is no config");
    const auto& config = value->get_object();
    WAAG_TRY(pattern_, as_malformed(hub::json_required_string(config, "pattern")));
    if (!is_tekken_pattern(pattern_)) {
      return malformed("llama.cpp has no name for this pattern; known is the one of Mistral Nemo");
    }
    WAAG_TRY(version_, as_malformed(hub::json_required_string(config, "version")));
    WAAG_TRY(size_, count(config, "default_vocab_size", vocab_size_));
    WAAG_TRY(special_count_, count(config, "default_num_special_tokens", size_));
    return ok();
  }

  static Result<std::uint64_t> count(const json::object& config, const std::string& key,
                                     std::uint64_t max) {
    WAAG_TRY(const auto number, as_malformed(hub::json_uint(config, key)));
    if (!number) return malformed("there is no " + key);
    if (*number > max) {
      return malformed(key + " is " + std::to_string(*number) + ", more than " +
                       std::to_string(max));
    }
    return *number;
  }

  Status read_specials() {
    specials_.resize(special_count_);
    const auto* listed = tekken_.if_contains("special_tokens");
    if (listed == nullptr || listed->is_null()) {
      WAAG_CHECK(take_unwritten_specials());
    } else if (listed->is_array()) {
      for (const auto& token : listed->get_array()) WAAG_CHECK(read_special(token));
    } else {
      return malformed("special_tokens is no list");
    }
    for (std::size_t id = 0; id < specials_.size(); ++id) {
      if (specials_[id].empty()) specials_[id] = "<SPECIAL_" + std::to_string(id) + ">";
    }
    return ok();
  }

  Status take_unwritten_specials() {
    const auto* known = std::find(unwritten_versions.begin(), unwritten_versions.end(), version_);
    if (known == unwritten_versions.end()) {
      return malformed("there are no special_tokens, which version " + version_ + " needs");
    }
    if (special_count_ < unwritten_specials.size()) {
      return malformed("default_num_special_tokens is too small");
    }
    std::copy(unwritten_specials.begin(), unwritten_specials.end(), specials_.begin());
    return ok();
  }

  Status read_special(const json::value& token) {
    if (!token.is_object()) return malformed("a special token is no object");
    const auto& object = token.get_object();
    WAAG_TRY(const auto text, as_malformed(hub::json_required_string(object, "token_str")));
    WAAG_TRY(const auto rank, as_malformed(hub::json_uint(object, "rank")));
    if (text.empty()) return malformed("a special token is empty");
    if (!rank || *rank >= special_count_) {
      return malformed("special token \"" + text + "\" has no rank below " +
                       std::to_string(special_count_));
    }
    if (!specials_[*rank].empty()) {
      return malformed("special rank " + std::to_string(*rank) + " is given to two tokens");
    }
    specials_[*rank] = text;
    return ok();
  }

  Status read_vocab() {
    const auto* vocab = hub::json_array(tekken_, "vocab");
    if (vocab == nullptr) return malformed("there is no vocab");
    const auto wanted = size_ - special_count_;
    if (vocab->size() < wanted) {
      return malformed("there are " + std::to_string(vocab->size()) + " tokens, not " +
                       std::to_string(wanted));
    }
    tokens_.reserve(wanted);
    std::bitset<256> single;
    for (std::size_t rank = 0; rank < wanted; ++rank) {
      WAAG_TRY(auto bytes, token_bytes((*vocab)[rank], rank));
      if (bytes.size() == 1) single.set(static_cast<unsigned char>(bytes.front()));
      tokens_.push_back(std::move(bytes));
    }
    if (!single.all()) return malformed("not every byte is a token");
    return ok();
  }

  static Result<std::string> token_bytes(const json::value& token, std::size_t at) {
    const auto of = "token " + std::to_string(at);
    if (!token.is_object()) return malformed(of + " is no object");
    const auto& object = token.get_object();
    WAAG_TRY(const auto rank, as_malformed(hub::json_uint(object, "rank")));
    if (rank != at) return malformed(of + " is not at its rank");
    WAAG_TRY(const auto text, as_malformed(hub::json_required_string(object, "token_bytes")));
    auto bytes = decode_base64(text);
    if (!bytes) return malformed(of + " is no base64: " + bytes.error().what);
    if (bytes->empty() || bytes->size() > tekken_token_bytes_max) {
      return malformed(of + " has " + std::to_string(bytes->size()) + " bytes");
    }
    return bytes;
  }

  Result<TekkenTokenizer> finish() {
    TekkenTokenizer made;
    WAAG_TRY(made.special, special_roles());
    made.pattern = pattern_;
    auto& [tokens, types, scores] = made.bpe.vocabulary;
    tokens = std::move(specials_);
    for (const auto& bytes : tokens_) tokens.push_back(in_byte_alphabet(bytes));
    types.assign(special_count_, TokenType::control);
    types.resize(size_, TokenType::normal);
    types.resize(vocab_size_, TokenType::unused);
    while (tokens.size() < vocab_size_) {
      tokens.push_back("[PAD" + std::to_string(tokens.size()) + "]");
    }
    WAAG_CHECK(as_malformed(check_vocabulary(made.bpe.vocabulary)));
    for (const auto& [left, right] : merges_of_ranks(tokens_)) {
      made.bpe.merges.push_back(in_byte_alphabet(left) + " " + in_byte_alphabet(right));
    }
    return made;
  }

  [[nodiscard]] Result<SpecialTokens> special_roles() const {
    SpecialTokens special;
    constexpr std::array<std::pair<const char*, const char*>, 4> roles{
        {{"bos", "<s>"}, {"eos", "</s>"}, {"unk", "<unk>"}, {"pad", "<pad>"}}};
    for (const auto& [role, text] : roles) {
      const auto found = std::find(specials_.begin(), specials_.end(), text);
      if (found == specials_.end()) {
        return malformed("there is no special token " + std::string(text));
      }
      special.ids.emplace_back(role, static_cast<std::uint32_t>(found - specials_.begin()));
    }
    special.added = {{"bos", true}, {"eos", false}};
    return special;
  }

  const json::object& tekken_;
  std::uint64_t vocab_size_;
  std::string pattern_, version_;
  std::uint64_t size_ = 0;  // special tokens and the vocabulary
  std::uint64_t special_count_ = 0;
  std::vector<std::string> specials_;  // by id; "": not named yet
  std::vector<std::string> tokens_;    // their bytes, by rank
};

}  // namespace

Result<TekkenTokenizer> read_tekken(const json::object& tekken, std::uint64_t vocab_size) {
  if (vocab_size > vocab_size_max) return malformed("the vocabulary is too large");
  return Reader(tekken, vocab_size).read();
}

Result<TekkenTokenizer> read_whole_tekken(const json::object& tekken) {
  const auto* config = object_at(tekken, "config");
  if (config == nullptr) return malformed("there is no config");
  WAAG_TRY(const auto size, as_malformed(hub::json_uint(*config, "default_vocab_size")));
  return read_tekken(tekken, size.value_or(0));
}

}  // namespace waag::convert
