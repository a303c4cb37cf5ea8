#include "convert/tokenizer/special_tokens.h"

#include <algorithm>
#include <map>

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

using Text = std::optional<std::string>;

constexpr int template_count_max = 16;  // post-processors looked at; published files have two

/// The `id` of {"<kind>": {"id": ...}}.
Text template_id(const json::value& step, std::string_view kind) {
  const auto* outer = step.if_object();
  const auto* inner = outer == nullptr ? nullptr : object_at(*outer, kind);
  if (inner == nullptr) return std::nullopt;
  auto id = hub::json_string(*inner, "id");
  return id ? std::move(*id) : std::nullopt;
}

class Reader {
 public:
  Reader(const TokenizerJsons& jsons, std::uint64_t vocab_size)
      : jsons_(jsons), vocab_size_(vocab_size) {
    if (jsons.tokenizer_config != nullptr && jsons.tokenizer_config->empty()) {
      jsons_.tokenizer_config = nullptr;
    }
  }

  Result<SpecialTokens> read() {
    read_names();
    read_post_processors();
    if (jsons_.tokenizer_config != nullptr) WAAG_CHECK(read_tokenizer_config());
    if (jsons_.config != nullptr) WAAG_CHECK(read_config());
    SpecialTokens found;
    for (auto& id : ids_) {
      if (id.first != "cls") found.ids.push_back(std::move(id));  // there is no key for it
    }
    found.added = std::move(added_);
    return found;
  }

 private:
  void read_names() {
    if (jsons_.tokenizer_config == nullptr) return;
    for (const auto& role : roles_) {
      if (auto text = token_text(*jsons_.tokenizer_config, role + "_token")) {
        names_[role] = std::move(*text);
      }
    }
    if (jsons_.tokenizer == nullptr) return;
    if (!name("bos") && name("cls")) names_["bos"] = *name("cls");
    if (!name("eos") && name("sep")) names_["eos"] = *name("sep");
  }

  [[nodiscard]] Text name(const std::string& role) const {
    const auto found = names_.find(role);
    return found == names_.end() || found->second.empty() ? Text{} : Text(found->second);
  }

  void set_added(const std::string& role, bool value) {
    const auto is_role = [&](const auto& entry) { return entry.first == role; };
    const auto found = std::find_if(added_.begin(), added_.end(), is_role);
    if (found == added_.end()) {
      added_.emplace_back(role, value);
    } else {
      found->second = value;
    }
  }

  void read_post_processors() {
    const auto* processor =
        jsons_.tokenizer == nullptr ? nullptr : object_at(*jsons_.tokenizer, "post_processor");
    if (processor == nullptr) return;
    const auto* parts = hub::json_array(*processor, "processors");
    if (parts == nullptr) return read_post_processor(*processor);
    int count = 0;
    for (const auto& part : *parts) {
      if (++count > template_count_max) return;
      if (part.is_object()) read_post_processor(part.get_object());
    }
  }

  void read_post_processor(const json::object& processor) {
    const auto type = hub::json_string(processor, "type");
    if (!type || *type != "TemplateProcessing") return;
    Text first, last;
    const auto* single = hub::json_array(processor, "single");
    if (single != nullptr && single->size() > 1) {
      first = template_id(single->front(), "SpecialToken");
      last = template_id(single->back(), "SpecialToken");
      if (first) read_first(*first);
      if (last) read_last(*last);
    }
    if (const auto* pair = hub::json_array(processor, "pair")) read_pair(*pair, first, last);
  }

  void read_first(const std::string& first) {
    if (jsons_.tokenizer_config == nullptr) names_["bos"] = first;
    set_added("bos", first == name("bos") || first == name("cls"));
  }

  void read_last(const std::string& last) {
    if (jsons_.tokenizer_config != nullptr && last != name("eos")) {
      for (const std::string role : {"eot", "eom"}) {
        if (std::find(roles_.begin(), roles_.end(), role) != roles_.end()) continue;
        roles_.push_back(role);
        names_[role] = name("eos").value_or("");
        break;
      }
    }
    names_["eos"] = last;
    set_added("eos", true);
  }

  /// A separator is added if one stands between the texts of a pair and a single text does not end
  /// with one, or if there are two.
  void read_pair(const json::array& pair, const Text& first, const Text& last) {
    std::vector<const json::value*> steps;
    for (const auto& step : pair) steps.push_back(&step);
    if (!steps.empty() && last && template_id(*steps.back(), "SpecialToken") == last) {
      steps.pop_back();
    }
    if (!steps.empty() && first && template_id(*steps.front(), "SpecialToken") == first) {
      steps.erase(steps.begin());
    }
    if (steps.size() < 3 || template_id(*steps.front(), "Sequence") != Text("A") ||
        template_id(*steps.back(), "Sequence") != Text("B")) {
      return;
    }
    const auto separates = [&](const json::value& step) {
      const auto id = template_id(step, "SpecialToken");
      return id && (id == name("sep") || id == name("eos"));
    };
    const bool one = separates(*steps[1]) && !last;
    const bool two = steps.size() == 4 && separates(*steps[2]);
    set_added("sep", one || two);
    if ((one || two) && !name("sep") && name("eos")) names_["sep"] = *name("eos");
  }

  Status read_tokenizer_config() {
    for (const auto& role : roles_) {
      const auto added = hub::json_bool(*jsons_.tokenizer_config, "add_" + role + "_token");
      if (added && *added && (role == "bos" || role == "eos" || role == "sep")) {
        set_added(role, **added);
      }
      if (const auto text = name(role)) WAAG_CHECK(set_id(role, added_token_id(*text)));
    }
    return ok();
  }

  /// Of tokenizer.json's added tokens, the first of that text.
  [[nodiscard]] const json::value* added_token_id(const std::string& text) const {
    const auto* tokens =
        jsons_.tokenizer == nullptr ? nullptr : hub::json_array(*jsons_.tokenizer, "added_tokens");
    if (tokens == nullptr) return nullptr;
    for (const auto& token : *tokens) {
      const auto* object = token.if_object();
      if (object != nullptr && token_text(*object, "content") == text) {
        return object->if_contains("id");
      }
    }
    return nullptr;
  }

  Status read_config() {
    const auto* text_config = object_at(*jsons_.config, "text_config");
    for (const auto& role : roles_) {
      const auto key = role + "_token_id";
      const auto* id = jsons_.config->if_contains(key);
      if ((id == nullptr || id->is_null()) && text_config != nullptr) {
        id = text_config->if_contains(key);
      }
      WAAG_CHECK(set_id(role, id));
    }
    return ok();
  }

  /// A value that is no integer (Llama 3.1 lists several EOS) is passed over.
  Status set_id(const std::string& role, const json::value* id) {
    if (id == nullptr) return ok();
    if (id->is_int64() && id->get_int64() < 0) {
      return fail(Errc::unprocessable, "the id of the " + role + " token is negative");
    }
    if (!id->is_int64() && !id->is_uint64()) return ok();
    const auto number = id->to_number<std::uint64_t>();
    const auto is_role = [&](const auto& entry) { return entry.first == role; };
    if (number < vocab_size_ && std::none_of(ids_.begin(), ids_.end(), is_role)) {
      ids_.emplace_back(role, static_cast<std::uint32_t>(number));
    }
    return ok();
  }

  TokenizerJsons jsons_;
  std::uint64_t vocab_size_;
  std::vector<std::string> roles_{"bos", "eos", "unk", "sep", "pad", "cls", "mask"};
  std::map<std::string, std::string> names_;                // role -> text of its token
  std::vector<std::pair<std::string, std::uint32_t>> ids_;  // as they are found
  std::vector<std::pair<std::string, bool>> added_;
};

}  // namespace

bool SpecialTokens::adds_bos() const {
  return std::find(added.begin(), added.end(), std::pair<std::string, bool>("bos", true)) !=
         added.end();
}

std::optional<std::string> token_text(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(json::string_view(key.data(), key.size()));
  if (value != nullptr && value->is_object()) value = value->get_object().if_contains("content");
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

Result<SpecialTokens> read_special_tokens(const TokenizerJsons& jsons, std::uint64_t vocab_size) {
  return Reader(jsons, vocab_size).read();
}

}  // namespace waag::convert
