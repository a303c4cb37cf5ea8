#include "convert/tokenizer/byte_level_bpe.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "convert/tokenizer/special_tokens.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

Result<std::uint64_t> checked_id(const json::value* value, std::string_view token,
                                 std::uint64_t vocab_size) {
  const auto of = "the id of token \"" + std::string(token) + "\"";
  if (value == nullptr || !(value->is_int64() || value->is_uint64())) {
    return malformed(of + " is no integer");
  }
  if (value->is_int64() && value->get_int64() < 0) return malformed(of + " is negative");
  const auto id = value->to_number<std::uint64_t>();
  if (id >= vocab_size) {
    return malformed(of + " is " + std::to_string(id) + ", the model has a vocabulary of " +
                     std::to_string(vocab_size));
  }
  return id;
}

class Reader {
 public:
  Reader(const json::object& tokenizer, const json::object* tokenizer_config,
         std::uint64_t vocab_size)
      : tokenizer_(tokenizer), config_(tokenizer_config), vocab_size_(vocab_size) {}

  Result<ByteLevelBpe> read() {
    const auto* model = tokenizer_.if_contains("model");
    if (model == nullptr || !model->is_object()) return malformed("there is no model");
    WAAG_CHECK(check_model(model->get_object()));
    WAAG_CHECK(read_vocab(model->get_object()));
    WAAG_CHECK(read_merges(model->get_object()));
    WAAG_CHECK(read_added());
    if (config_ != nullptr) WAAG_CHECK(read_config());
    return finish();
  }

 private:
  struct Added {
    bool special = false;
  };

  static Status check_model(const json::object& model) {
    WAAG_TRY(const auto type, as_malformed(hub::json_string(model, "type")));
    if (type && *type != "BPE") return malformed("the model is " + *type + ", not BPE");
    WAAG_TRY(const auto fallback, as_malformed(hub::json_bool(model, "byte_fallback")));
    if (fallback.value_or(false)) {
      return malformed("a model with byte_fallback needs its tokenizer.model");
    }
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      WAAG_TRY(const auto text, as_malformed(hub::json_string(model, affix)));
      if (text && !text->empty()) return malformed("llama.cpp has no " + std::string(affix));
    }
    return ok();
  }

  template <class T>
  static Result<T> as_malformed(Result<T> result) {
    if (!result) return malformed(result.error().what);
    return result;
  }

  Status read_vocab(const json::object& model) {
    const auto* vocab = model.if_contains("vocab");
    if (vocab == nullptr || !vocab->is_object()) return malformed("there is no vocab");
    texts_.resize(vocab_size_);
    ids_.reserve(vocab->get_object().size());
    for (const auto& [text, value] : vocab->get_object()) {
      WAAG_TRY(const auto id, checked_id(&value, text, vocab_size_));
      WAAG_CHECK(place(text, id));
    }
    model_size_ = ids_.size();
    return ok();
  }

  /// The same text at the same id again is nothing new.
  Status place(std::string_view text, std::uint64_t id) {
    const auto [known, is_new] = ids_.emplace(text, id);
    if (is_new && texts_[id]) {
      return malformed("id " + std::to_string(id) + " is given to two tokens");
    }
    if (known->second != id) {
      return malformed("token \"" + std::string(text) + "\" has two ids");
    }
    texts_[id] = known->first;
    return ok();
  }

  Status read_merges(const json::object& model) {
    const auto* merges = hub::json_array(model, "merges");
    if (merges == nullptr) return malformed("there are no merges");
    merges_.reserve(merges->size());
    for (const auto& merge : *merges) {
      const auto parts = merge_parts(merge);
      if (!parts) return malformed("a merge is malformed");
      const auto& [left, right] = *parts;
      if (!ids_.contains(left) || !ids_.contains(right) || !ids_.contains(left + right)) {
        return malformed("merge \"" + left + " " + right + "\" is not of tokens");
      }
      merges_.push_back(spaced(left) + " " + spaced(right));
    }
    return ok();
  }

  /// A space within a part is written as the byte alphabet has it.
  static std::string spaced(std::string_view part) {
    std::string text;
    for (const char c : part) {
      if (c == ' ') {
        text += "\u0120";
      } else {
        text += c;
      }
    }
    return text;
  }

  Status read_added() {
    const auto* added = hub::json_array(tokenizer_, "added_tokens");
    if (added == nullptr) return ok();
    for (const auto& token : *added) {
      if (!token.is_object()) return malformed("an added token is no object");
      const auto& object = token.get_object();
      WAAG_TRY(const auto text, as_malformed(hub::json_required_string(object, "content")));
      WAAG_TRY(const auto special, as_malformed(hub::json_bool(object, "special")));
      WAAG_TRY(const auto id, checked_id(object.if_contains("id"), text, vocab_size_));
      WAAG_CHECK(place(text, id));
      added_.emplace(id, Added{special.value_or(false)});
    }
    return ok();
  }

  /// Tokens that only tokenizer_config.json adds: in the order of their ids there, then the special
  /// ones by name. Of a token that both files add, its `added_tokens_decoder` says whether it is
  /// special.
  Status read_config() {
    WAAG_CHECK(read_added_decoder());
    static constexpr std::array roles{"bos_token", "eos_token", "unk_token", "sep_token",
                                      "pad_token", "cls_token", "mask_token"};
    for (const char* role : roles) {
      if (const auto text = token_text(*config_, role)) WAAG_CHECK(add(*text, true));
    }
    const auto* more = hub::json_array(*config_, "additional_special_tokens");
    if (more == nullptr) return ok();
    for (const auto& token : *more) {
      if (token.is_string()) WAAG_CHECK(add(std::string(token.get_string()), true));
    }
    return ok();
  }

  Status read_added_decoder() {
    const auto* decoder = config_->if_contains("added_tokens_decoder");
    if (decoder == nullptr || !decoder->is_object()) return ok();
    std::vector<std::pair<std::string_view, const json::object*>> tokens;
    for (const auto& [id, token] : decoder->get_object()) {
      if (token.is_object()) tokens.emplace_back(id, &token.get_object());
    }
    std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) {  // as numbers
      return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first);
    });
    for (const auto& [id, token] : tokens) {
      const auto text = token_text(*token, "content");
      const auto special = hub::json_bool(*token, "special");
      if (!text) continue;
      const bool is_special = special && special->value_or(false);
      WAAG_CHECK(add(*text, is_special));
      if (const auto known = ids_.find(*text); known != ids_.end()) {
        added_[known->second].special = is_special;
      }
    }
    return ok();
  }

  /// Under its id in the vocabulary, else behind the last.
  Status add(const std::string& text, bool special) {
    if (text.empty()) return ok();
    const auto known = ids_.find(text);
    if (known != ids_.end()) {
      added_.emplace(known->second, Added{special});
      return ok();
    }
    const auto behind = added_.empty() ? 0 : added_.rbegin()->first + 1;
    const auto id = std::max<std::uint64_t>(behind, model_size_);
    if (id >= vocab_size_) {
      return fail(Errc::unprocessable, "tokenizer_config.json: token \"" + text +
                                           "\" is beyond the model's vocabulary of " +
                                           std::to_string(vocab_size_));
    }
    WAAG_CHECK(place(text, id));
    added_.emplace(id, Added{special});
    return ok();
  }

  Result<ByteLevelBpe> finish() {
    ByteLevelBpe bpe;
    bpe.merges = std::move(merges_);
    auto& [tokens, types, scores] = bpe.vocabulary;
    for (std::uint64_t id = 0; id < vocab_size_; ++id) {
      const auto added = added_.find(id);
      if (!texts_[id]) {
        tokens.push_back("[PAD" + std::to_string(id) + "]");
        types.push_back(TokenType::unused);
      } else if (added == added_.end()) {
        tokens.emplace_back(*texts_[id]);
        types.push_back(TokenType::normal);
      } else if (added->second.special || looks_special(*texts_[id])) {
        tokens.emplace_back(*texts_[id]);
        types.push_back(TokenType::control);
      } else {
        tokens.push_back(with_plain_spaces(*texts_[id]));
        types.push_back(TokenType::user_defined);
      }
    }
    WAAG_CHECK(check_vocabulary(bpe.vocabulary));
    return bpe;
  }

  const json::object& tokenizer_;
  const json::object* config_;
  std::uint64_t vocab_size_;
  std::unordered_map<std::string, std::uint64_t> ids_;  // by text
  std::vector<std::optional<std::string_view>> texts_;  // by id; views of ids_' keys
  std::map<std::uint64_t, Added> added_;
  std::uint64_t model_size_ = 0;
  std::vector<std::string> merges_;
};

}  // namespace

Result<ByteLevelBpe> read_byte_level_bpe(const json::object& tokenizer,
                                         const json::object* tokenizer_config,
                                         std::uint64_t vocab_size) {
  if (vocab_size > vocab_size_max) return fail(Errc::unprocessable, "the vocabulary is too large");
  return Reader(tokenizer, tokenizer_config, vocab_size).read();
}

}  // namespace waag::convert
