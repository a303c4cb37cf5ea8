#include "protocol/hub/glob.h"

#include <algorithm>
#include <array>
#include <utility>

namespace waag::hub {
namespace {

using Set = std::bitset<256>;

bool in_class(std::string_view name, int c) {
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool digit = c >= '0' && c <= '9';
  const bool graph = c > 0x20 && c < 0x7F;
  const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  const std::array<std::pair<std::string_view, bool>, 12> classes = {{
      {"alnum", lower || upper || digit},
      {"alpha", lower || upper},
      {"blank", c == ' ' || c == '\t'},
      {"cntrl", c < 0x20 || c == 0x7F},
      {"digit", digit},
      {"graph", graph},
      {"lower", lower},
      {"print", graph || c == ' '},
      {"punct", graph && !lower && !upper && !digit},
      {"space", c == ' ' || (c >= '\t' && c <= '\r')},
      {"upper", upper},
      {"xdigit", hex},
  }};
  for (const auto& [known, member] : classes)
    if (known == name) return member;
  return false;
}

bool is_class(std::string_view name) {
  for (int c = 0; c < 0x80; ++c)
    if (in_class(name, c)) return true;
  return false;
}

std::uint8_t byte(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

Glob::Glob(std::string_view pattern, Scope scope) { compile(pattern, scope); }

void Glob::compile(std::string_view pattern, Scope scope) {
  std::size_t at = 0;
  broken_ = pattern.size() > pattern_bytes_max;
  while (at < pattern.size() && !broken_) {
    const char c = pattern[at];
    if (c == '*') {
      at = compile_stars(pattern, at, scope);
    } else if (c == '[') {
      at = compile_set(pattern, at, scope);
    } else if (c == '?') {
      add_set(Set().set(), scope);
      ++at;
    } else {
      if (c == '\\' && ++at == pattern.size()) {
        broken_ = true;  // nothing behind the backslash
        return;
      }
      Token token;
      token.byte = pattern[at++];
      text_ += token.byte;
      tokens_.push_back(token);
    }
  }
}

std::size_t Glob::compile_stars(std::string_view pattern, std::size_t at, Scope scope) {
  literal_ = false;
  auto end = pattern.find_first_not_of('*', at);
  if (end == pattern.npos) end = pattern.size();
  Token token;
  token.kind = scope == Scope::name ? Token::Kind::star_star : Token::Kind::star;
  const bool at_front = at == 0 || pattern[at - 1] == '/';
  const auto rest = pattern.substr(end);
  if (end - at >= 2 && at_front && scope == Scope::path &&
      (rest.empty() || rest[0] == '/' || rest.starts_with("\\/"))) {
    token.kind = Token::Kind::star_star;
    token.skips_slash = rest.starts_with('/');
  }
  tokens_.push_back(token);
  return end;
}

/// `at` is at '['. A set is closed by the first ']' that does not stand first.
std::size_t Glob::compile_set(std::string_view pattern, std::size_t at, Scope scope) {
  Set set;
  ++at;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool first = true;
  int low = -1;  // the byte before a '-', -1 if none may begin a range
  while (at < pattern.size() && (first || pattern[at] != ']')) {
    first = false;
    char c = pattern[at++];
    if (c == '[' && at < pattern.size() && pattern[at] == ':') {
      const auto end = pattern.find(']', at);
      if (end == pattern.npos) break;
      if (end > at + 1 && pattern[end - 1] == ':') {
        const auto name = pattern.substr(at + 1, end - at - 2);
        if (!is_class(name)) break;
        for (int member = 0; member < 256; ++member)
          if (in_class(name, member)) set.set(static_cast<std::size_t>(member));
        low = -1;
        at = end + 1;
        continue;
      }
    } else if (c == '-' && low >= 0 && at < pattern.size() && pattern[at] != ']') {
      c = pattern[at++];
      if (c == '\\') {
        if (at == pattern.size()) break;
        c = pattern[at++];
      }
      for (int member = low; member <= byte(c); ++member) set.set(static_cast<std::size_t>(member));
      low = -1;
      continue;
    } else if (c == '\\') {
      if (at == pattern.size()) break;
      c = pattern[at++];
    }
    set.set(byte(c));
    low = byte(c);
  }
  if (at >= pattern.size() || pattern[at] != ']' || first) {
    broken_ = true;
    return pattern.size();
  }
  add_set(negated ? ~set : set, scope);
  return at + 1;
}

void Glob::add_set(Set set, Scope scope) {
  literal_ = false;
  if (scope == Scope::path) set.reset(byte('/'));
  Token token;
  token.kind = Token::Kind::set;
  token.set = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back(set);
  tokens_.push_back(token);
}

bool Glob::accepts(const Token& token, char c) const {
  switch (token.kind) {
    case Token::Kind::byte:
      return token.byte == c;
    case Token::Kind::set:
      return sets_[token.set][byte(c)];
    case Token::Kind::star:
      return c != '/';
    case Token::Kind::star_star:
      return true;
  }
  return false;
}

/// Marks `state` and what can be reached from it without reading.
void Glob::enter(std::size_t state, std::vector<std::uint8_t>& states) const {
  while (states[state] == 0) {
    states[state] = 1;
    if (state == tokens_.size()) return;
    const auto& token = tokens_[state];
    if (token.kind != Token::Kind::star && token.kind != Token::Kind::star_star) return;
    if (token.skips_slash) enter(state + 2, states);
    ++state;
  }
}

bool Glob::matches(std::string_view text) const {
  if (broken_) return false;
  if (literal_) return text == text_;
  std::vector<std::uint8_t> now(tokens_.size() + 1);
  std::vector<std::uint8_t> next(tokens_.size() + 1);
  enter(0, now);
  for (const char c : text) {
    std::fill(next.begin(), next.end(), std::uint8_t{0});
    bool any = false;
    for (std::size_t state = 0; state < tokens_.size(); ++state) {
      if (now[state] == 0 || !accepts(tokens_[state], c)) continue;
      const auto kind = tokens_[state].kind;
      const bool stays = kind == Token::Kind::star || kind == Token::Kind::star_star;
      if (!stays) {
        enter(state + 1, next);
      } else if (next[state] == 0) {
        next[state] = 1;
        enter(state + 1, next);
      }
      any = true;
    }
    if (!any) return false;
    std::swap(now, next);
  }
  return now[tokens_.size()] != 0;
}

}  // namespace waag::hub
