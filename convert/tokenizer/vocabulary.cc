#include "convert/tokenizer/vocabulary.h"

#include <array>
#include <unordered_map>

#include "protocol/utf8.h"

namespace waag::convert {

bool looks_special(std::string_view token) {
  static constexpr std::array by_name{"<pad>", "<mask>", "<2mass>", "[@BOS@]"};
  for (const std::string_view name : by_name) {
    if (token == name) return true;
  }
  const auto within = [&](std::string_view begin, std::string_view end) {
    return token.starts_with(begin) && token.ends_with(end);
  };
  return within("<|", "|>") || within("<\uff5c", "\uff5c>") || within("<unused", ">");
}

std::string with_plain_spaces(std::string_view token) {
  static constexpr std::string_view lower_block = "\u2581";
  std::string plain;
  while (true) {
    const auto at = token.find(lower_block);
    plain += token.substr(0, at);
    if (at == std::string_view::npos) return plain;
    plain += ' ';
    token.remove_prefix(at + lower_block.size());
  }
}

Status check_vocabulary(const Vocabulary& vocabulary) {
  std::unordered_map<std::string_view, std::size_t> ids;
  ids.reserve(vocabulary.tokens.size());
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const auto& token = vocabulary.tokens[id];
    if (!is_utf8(token)) {
      return fail(Errc::unprocessable, "token " + std::to_string(id) + " is not UTF-8");
    }
    if (token.empty()) continue;  // llama.cpp gives it a name of its own
    const auto [first, is_new] = ids.emplace(token, id);
    if (!is_new) {
      return fail(Errc::unprocessable, "tokens " + std::to_string(first->second) + " and " +
                                           std::to_string(id) + " have the same text");
    }
  }
  return ok();
}

}  // namespace waag::convert
