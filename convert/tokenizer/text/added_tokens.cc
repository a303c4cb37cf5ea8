#include "convert/tokenizer/text/added_tokens.h"

#include <algorithm>

#include <boost/json/value.hpp>

#include "convert/tokenizer/vocabulary.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

/// Of the White_Space characters, which all have at most three bytes, the one at the front; 0:
/// none.
std::size_t space_at(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  if ((byte(0) >= 0x09 && byte(0) <= 0x0D) || byte(0) == 0x20) return 1;
  if (byte(0) == 0xC2 && (byte(1) == 0x85 || byte(1) == 0xA0)) return 2;
  const auto code = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  if ((byte(0) & 0xF0u) != 0xE0 || text.size() < 3) return 0;
  const bool is_space = code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
                        code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
  return is_space ? 3 : 0;
}

std::size_t spaces_in_front(std::string_view text) {
  std::size_t count = 0;
  while (const auto more = space_at(text.substr(count))) count += more;
  return count;
}

/// Where the white space that ends the text begins.
std::size_t spaces_behind(std::string_view text) {
  auto begin = text.size();
  while (begin > 0) {
    auto at = begin - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    if (space_at(text.substr(at, begin - at)) != begin - at) return begin;
    begin = at;
  }
  return begin;
}

}  // namespace

Result<AddedTokens> AddedTokens::read(const json::object& tokenizer, const Normalizer& normalizer) {
  AddedTokens added;
  const auto* list = hub::json_array(tokenizer, "added_tokens");
  if (list == nullptr) return added;
  if (list->size() > vocab_size_max) return malformed("there are too many added tokens");
  std::size_t bytes = 0;
  for (const auto& item : *list) {
    auto entry = read_token(item, normalizer);
    if (!entry) return fail(Errc::unprocessable, entry.error().what);
    bytes += entry->token.text.size();
    if (bytes > added_tokens_bytes_max) return malformed("the added tokens are too long");
    auto& set = entry->is_normalized ? added.normalized_ : added.raw_;
    if (!entry->token.text.empty()) set.tokens.push_back(std::move(entry->token));
  }
  WAAG_CHECK(added.raw_.close());
  WAAG_CHECK(added.normalized_.close());
  return added;
}

Result<AddedTokens::Entry> AddedTokens::read_token(const json::value& from,
                                                   const Normalizer& normalizer) {
  const auto* object = from.if_object();
  if (object == nullptr) return malformed("an added token is no object");
  Entry entry;
  auto& token = entry.token;
  WAAG_TRY(token.text, hub::json_required_string(*object, "content"));
  const auto of = "the added token \"" + token.text + "\"";
  if (token.text.size() > added_token_bytes_max) return malformed(of + " is too long");
  WAAG_TRY(const auto id, hub::json_uint(*object, "id"));
  if (!id || *id >= vocab_size_max) return malformed("the id of " + of + " is none");
  token.id = static_cast<std::uint32_t>(*id);
  const auto flag = [&](const char* key) -> Result<bool> {
    WAAG_TRY(const auto value, hub::json_bool(*object, key));
    return value.value_or(false);
  };
  WAAG_TRY(token.is_special, flag("special"));
  WAAG_TRY(token.strips_left, flag("lstrip"));
  WAAG_TRY(token.strips_right, flag("rstrip"));
  WAAG_TRY(entry.is_normalized, flag("normalized"));
  WAAG_TRY(const bool is_word, flag("single_word"));
  if (is_word && !token.is_special) return malformed(of + " is a single_word, which is not known");
  if (entry.is_normalized) {
    auto made = normalizer.apply(token.text, added_token_bytes_max);
    if (!made)
      return made.error().code == Errc::too_large ? malformed(of + " is too long") : made.error();
    token.text = *std::move(made);
  }
  return entry;
}

Status AddedTokens::Set::close() {
  std::sort(tokens.begin(), tokens.end(),
            [](const Token& a, const Token& b) { return a.text < b.text; });
  const auto twice =
      std::adjacent_find(tokens.begin(), tokens.end(),
                         [](const Token& a, const Token& b) { return a.text == b.text; });
  if (twice == tokens.end()) return ok();
  return malformed("the added token \"" + twice->text + "\" is there twice");
}

const AddedTokens::Token* AddedTokens::Set::longest_at(std::string_view text) const {
  const Token* longest = nullptr;
  auto first = tokens.begin(), last = tokens.end();
  for (std::size_t at = 0; first != last; ++at) {
    if (first->text.size() == at) longest = &*first++;  // the shortest comes first
    if (at == text.size()) break;
    const auto below = [at](const Token& token, unsigned char byte) {
      return static_cast<unsigned char>(token.text[at]) < byte;
    };
    const auto above = [at](unsigned char byte, const Token& token) {
      return byte < static_cast<unsigned char>(token.text[at]);
    };
    const auto byte = static_cast<unsigned char>(text[at]);
    first = std::lower_bound(first, last, byte, below);
    last = std::upper_bound(first, last, byte, above);
  }
  return longest;
}

Status AddedTokens::Set::cut(std::string_view text, bool begins, const Sink& sink) const {
  std::size_t written = 0;
  const auto plain = [&](std::size_t end) {
    if (end <= written) return ok();
    return sink({text.substr(written, end - written), begins && written == 0, std::nullopt});
  };
  for (std::size_t at = 0; at < text.size() && !tokens.empty();) {
    const auto* token = longest_at(text.substr(at));
    auto end = at + (token == nullptr ? 1 : token->text.size());
    if (token != nullptr && !token->is_special) {
      auto begin = at;
      if (token->strips_left && at > written)
        begin = written + spaces_behind(text.substr(written, at - written));
      WAAG_CHECK(plain(begin));
      written = end + (token->strips_right ? spaces_in_front(text.substr(end)) : 0);
      WAAG_CHECK(sink({text.substr(begin, written - begin), false, token->id}));
    }
    at = end;
  }
  return plain(text.size());
}

Status AddedTokens::each(std::string_view text, const Normalizer& normalizer,
                         const Sink& sink) const {
  return raw_.cut(text, true, [&](const Part& part) -> Status {
    if (part.id) return sink(part);
    WAAG_TRY(const auto made, normalizer.apply(part.text));
    return normalized_.cut(made, part.begins, sink);
  });
}

}  // namespace waag::convert
