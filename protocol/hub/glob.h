#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// A file name pattern as git reads it in .gitignore and .gitattributes: `*`, `?`, `[a-z]`,
/// `[[:alpha:]]`, backslash, and `**` between slashes. Matching walks a set of states, so that its
/// time is at most pattern length times text length whatever the pattern (backtracking would be
/// exponential). Source: gitignore(5); git, wildmatch.
class Glob {
 public:
  /// A longer pattern matches nothing.
  static constexpr std::size_t pattern_bytes_max = 4096;
  enum class Scope : std::uint8_t {
    name,  // against one name without '/'
    path,  // against a whole path: `*`, `?` and sets stop at '/'
  };
  Glob(std::string_view pattern, Scope scope);

  [[nodiscard]] bool matches(std::string_view text) const;
  /// True if the pattern can match one text only; such ones cost a comparison.
  [[nodiscard]] bool is_literal() const { return literal_; }
  [[nodiscard]] std::size_t size() const { return tokens_.size(); }

 private:
  struct Token {
    enum class Kind : std::uint8_t { byte, set, star, star_star };
    Kind kind{Kind::byte};
    char byte = 0;
    std::uint32_t set = 0;     // index into sets_
    bool skips_slash = false;  // "**/": may stand for nothing, its slash included
  };
  using Set = std::bitset<256>;

  void compile(std::string_view pattern, Scope scope);
  std::size_t compile_stars(std::string_view pattern, std::size_t at, Scope scope);
  std::size_t compile_set(std::string_view pattern, std::size_t at, Scope scope);
  void add_set(Set set, Scope scope);
  void enter(std::size_t state, std::vector<std::uint8_t>& states) const;
  [[nodiscard]] bool accepts(const Token& token, char c) const;

  std::vector<Token> tokens_;
  std::vector<Set> sets_;
  std::string text_;  // the only text that a literal pattern matches
  bool literal_ = true;
  bool broken_ = false;  // malformed: matches nothing
};

}  // namespace waag::hub
