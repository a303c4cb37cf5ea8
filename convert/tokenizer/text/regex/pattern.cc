#include "convert/tokenizer/text/regex/pattern.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "protocol/utf8.h"

namespace waag::convert {
namespace {

constexpr int depth_max = 16;             // of groups within groups
constexpr std::uint64_t count_max = 999;  // in {n,m}

/// White_Space, which Oniguruma's \s is; PCRE2's has U+180E too. As the inside of a class.
constexpr std::string_view space =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f})"
    R"(\x{3000})";

constexpr std::array<std::string_view, 30> categories{
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl", "No", "P",
    "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So", "Z",  "Zs", "Cc"};
constexpr std::array<std::string_view, 4> scripts{"Han", "Hiragana", "Katakana", "Hangul"};

/// What matches one other character, too, when case does not count ("\u00df" is "ss").
constexpr std::array<std::string_view, 5> folded{"ss", "ff", "fi", "fl", "st"};

template <std::size_t count>
bool has(const std::array<std::string_view, count>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string spelt(std::uint32_t code) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "\\x{%x}", code);
  return text.data();
}

bool is_letter(std::uint32_t code) { return (code | 0x20) >= 'a' && (code | 0x20) <= 'z'; }
bool is_digit(std::uint32_t code) { return code >= '0' && code <= '9'; }

std::uint32_t hex_value(char c) {
  if (is_digit(static_cast<unsigned char>(c))) return static_cast<std::uint32_t>(c - '0');
  return static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
}

bool is_hex(char c) {
  return is_digit(static_cast<unsigned char>(c)) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

class Reader {
 public:
  explicit Reader(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> read() {
    WAAG_CHECK(alternatives(0));
    if (!at_end()) return odd("a parenthesis that closes nothing");
    return std::move(made_);
  }

 private:
  struct Escape {
    std::optional<std::uint32_t> code;  // one character, else
    std::string inside, outside;        // a set, within a class and alone; inside may be ""
  };

  [[nodiscard]] bool at_end() const { return at_ >= pattern_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool take(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  [[nodiscard]] Error odd(const std::string& what) const {
    return fail(Errc::unprocessable, "the regular expression has " + what + ", at byte " +
                                         std::to_string(at_) + ", which is not understood");
  }

  /// Of UTF-8 that has been checked.
  std::uint32_t next_code() {
    const auto lead = static_cast<unsigned char>(pattern_[at_++]);
    if (lead < 0x80) return lead;
    int more = 1;
    if (lead >= 0xE0) more = lead >= 0xF0 ? 3 : 2;
    std::uint32_t code = lead & (0x3Fu >> more);
    for (; more > 0; --more)
      code = code << 6 | (static_cast<unsigned char>(pattern_[at_++]) & 0x3F);
    return code;
  }

  Status alternatives(int depth) {
    if (depth > depth_max) return odd("groups within groups, too deep");
    while (true) {
      WAAG_CHECK(sequence(depth));
      if (!take("|")) return ok();
      made_ += '|';
    }
  }

  Status sequence(int depth) {
    literals_.clear();
    while (!at_end() && peek() != '|' && peek() != ')') {
      WAAG_TRY(const bool can_repeat, atom(depth));
      WAAG_CHECK(repetition(can_repeat));
    }
    return ok();
  }

  /// @return whether it may be repeated
  Result<bool> atom(int depth) {
    const char c = peek();
    if (c == '(') return group(depth);
    if (c != '[' && c != '\\' && c != '.' && c != '$') return one_character();
    literals_.clear();
    if (c == '[') {
      WAAG_CHECK(character_class());
      return true;
    }
    if (c == '\\') return escaped();
    ++at_;
    made_ += c == '.' ? "." : "(?m:$)";  // Oniguruma's $ is at the end of each line
    return c == '.';
  }

  Result<bool> one_character() {
    if (std::string_view("^?*+{}]").find(peek()) != std::string_view::npos)
      return odd(std::string("a \"") + peek() + "\" there");
    WAAG_CHECK(literal(next_code()));
    return true;
  }

  Status literal(std::uint32_t code) {
    if (ignores_case_) {
      if (code >= 0x80) return odd("a letter beyond ASCII whose case does not count");
      literals_ += static_cast<char>(is_letter(code) ? code | 0x20 : code);
      if (literals_.size() > 1 &&
          has(folded, std::string_view(literals_).substr(literals_.size() - 2)))
        return odd("letters that are one letter in other cases");
    }
    made_ += spelt(code);
    return ok();
  }

  Result<bool> group(int depth) {
    const bool ignored = ignores_case_;
    bool is_look = false;
    if (take("(?:")) {
      made_ += "(?:";
    } else if (take("(?i:")) {
      made_ += "(?i:";
      ignores_case_ = true;
    } else if (peek(1) != '?') {
      ++at_;
      made_ += "(?:";
    } else if (take("(?=") || take("(?!")) {
      made_ += pattern_.substr(at_ - 3, 3);
      is_look = true;
    } else {
      return odd("a group of a kind");
    }
    WAAG_CHECK(alternatives(depth + 1));
    if (!take(")")) return odd("a group that does not end");
    made_ += ')';
    ignores_case_ = ignored;
    literals_.clear();
    return !is_look;
  }

  Status repetition(bool can_repeat) {
    const char c = peek();
    if (at_end() || std::string_view("?*+{").find(c) == std::string_view::npos) return ok();
    if (!can_repeat) return odd("a repetition of what has no width");
    literals_.clear();
    if (c == '{') return counted();
    made_ += pattern_[at_++];
    if (!at_end() && (peek() == '?' || peek() == '+')) made_ += pattern_[at_++];
    return nothing_repeated();
  }

  Status counted() {
    ++at_;
    WAAG_TRY(const auto low, number());
    made_ += "{" + std::to_string(low);
    if (take(",")) {
      made_ += ',';
      if (peek() != '}') {
        WAAG_TRY(const auto high, number());
        if (high < low) return odd("a count of repetitions that runs down");
        made_ += std::to_string(high);
      }
    }
    if (!take("}")) return odd("a count of repetitions");
    made_ += '}';
    return nothing_repeated();
  }

  [[nodiscard]] Status nothing_repeated() const {
    if (!at_end() && std::string_view("?*+{").find(peek()) != std::string_view::npos)
      return odd("a repetition of a repetition");
    return ok();
  }

  Result<std::uint64_t> number() {
    std::uint64_t value = 0;
    const auto begun = at_;
    while (is_digit(static_cast<unsigned char>(peek())) && value <= count_max)
      value = value * 10 + static_cast<std::uint64_t>(pattern_[at_++] - '0');
    if (at_ == begun || value > count_max) return odd("a count of repetitions");
    return value;
  }

  Result<bool> escaped() {
    WAAG_TRY(const auto escape, read_escape());
    if (escape.code) {
      WAAG_CHECK(literal(*escape.code));
    } else {
      made_ += escape.outside;
    }
    return true;
  }

  Result<Escape> read_escape() {
    ++at_;
    if (at_end()) return odd("a backslash at the end");
    const char c = pattern_[at_];
    if (c == 'p' || c == 'P') return property();
    if (c == 'x' || c == 'u') return numbered();
    ++at_;
    if (c == 's') return Escape{{}, std::string(space), "[" + std::string(space) + "]"};
    if (c == 'S') return Escape{{}, "", "[^" + std::string(space) + "]"};
    if (c == 'd') return Escape{{}, R"(\p{Nd})", R"(\p{Nd})"};
    constexpr std::string_view names = "rntf", means = "\r\n\t\f";
    if (const auto known = names.find(c); known != names.npos)
      return Escape{static_cast<std::uint32_t>(means[known]), "", ""};
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code >= 0x7F || is_letter(code) || is_digit(code)) {
      --at_;
      return odd(std::string("a \\") + c);
    }
    return Escape{code, "", ""};
  }

  /// \xHH, \x{H...}, \uHHHH
  Result<Escape> numbered() {
    const bool is_short = pattern_[at_++] == 'x';
    const bool is_braced = is_short && take("{");
    const std::size_t wanted = is_short ? 2 : 4;
    std::uint32_t code = 0;
    std::size_t digits = 0;
    for (; is_hex(peek()) && digits < (is_braced ? 6 : wanted); ++digits)
      code = code * 16 + hex_value(pattern_[at_++]);
    if (is_braced ? digits == 0 || !take("}") : digits != wanted)
      return odd("a number of a letter");
    if (is_short && !is_braced && code >= 0x80) return odd("a byte of a letter");
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return odd("a number of no letter");
    return Escape{code, "", ""};
  }

  Result<Escape> property() {
    const char c = pattern_[at_++];
    const auto end = pattern_.find('}', at_);
    if (peek() != '{' || end == pattern_.npos) return odd("a property without a name");
    const auto name = pattern_.substr(at_ + 1, end - at_ - 1);
    std::string named;
    if (has(categories, name)) named = name;
    if (has(scripts, name)) named = "sc:" + std::string(name);
    if (named.empty()) return odd("the property \"" + std::string(name) + "\"");
    at_ = end + 1;
    const auto set = std::string("\\") + c + "{" + named + "}";
    return Escape{{}, set, set};
  }

  Status character_class() {
    ++at_;
    made_ += '[';
    if (take("^")) made_ += '^';
    if (peek() == ']') return odd("a class that begins with a bracket");
    while (!at_end() && peek() != ']') WAAG_CHECK(class_item());
    if (!take("]")) return odd("a class that does not end");
    made_ += ']';
    return ok();
  }

  Status class_item() {
    if (peek() == '[') return odd("a class in a class");
    if (peek() == '&' && peek(1) == '&') return odd("an intersection of classes");
    if (peek() == '-' && peek(1) == '-') return odd("a \"--\" in a class");
    WAAG_TRY(const auto first, class_character());
    const bool is_range = peek() == '-' && peek(1) != ']';
    if (!first.code) {
      if (first.inside.empty()) return odd("a \\S in a class");
      if (is_range) return odd("a range of sets");
      made_ += first.inside;
      return ok();
    }
    WAAG_CHECK(check_case(*first.code));
    made_ += spelt(*first.code);
    if (!is_range) return ok();
    ++at_;
    if (at_end() || peek() == '[') return odd("a range without an end");
    WAAG_TRY(const auto last, class_character());
    if (!last.code || *last.code < *first.code) return odd("a range that runs down");
    WAAG_CHECK(check_case(*last.code));
    made_ += "-" + spelt(*last.code);
    return ok();
  }

  [[nodiscard]] Status check_case(std::uint32_t code) const {
    if (ignores_case_ && code >= 0x80)
      return odd("a letter beyond ASCII whose case does not count");
    return ok();
  }

  Result<Escape> class_character() {
    if (peek() == '\\') return read_escape();
    return Escape{next_code(), "", ""};
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  bool ignores_case_ = false;
  std::string literals_;  // the last ones whose case does not count, in lower case
  std::string made_;
};

}  // namespace

Result<std::string> pcre2_pattern(std::string_view pattern) {
  if (pattern.size() > pattern_bytes_max || !is_utf8(pattern))
    return fail(Errc::unprocessable, "the regular expression is too long, or no UTF-8");
  return Reader(pattern).read();
}

std::string pcre2_literal(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      made += c;
    } else {
      made += spelt(byte);
    }
  }
  return made;
}

}  // namespace waag::convert
