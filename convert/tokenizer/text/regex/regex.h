#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "protocol/result.h"

namespace waag::convert {

/// A regular expression of a tokenizer, and the way it is looked for in a text: from left to right,
/// each match from where the last one ended. Bounded: one that would try too long is an error.
class Regex {
 public:
  /// Of a stretch of the text: what matches, or what stands between two matches.
  using Sink = std::function<Status(std::string_view part, bool is_match)>;

  /// @param pattern  as tokenizer.json spells it
  /// @return Errc::unprocessable if it is not understood (pcre2_pattern()) or too large
  static Result<Regex> compile(std::string_view pattern);
  /// Matches `text` and nothing else. @param text  not empty; UTF-8
  static Result<Regex> literal(std::string_view text);

  /// What a search works in. Not for two threads, nor for a text within another's sink.
  class Matcher {
   public:
    explicit Matcher(const Regex& regex);
    ~Matcher();
    Matcher(Matcher&&) noexcept;
    Matcher& operator=(Matcher&&) noexcept;

    /// All of the text, part by part. An empty match is a part, too, but not one at the end of the
    /// match before.
    /// @param text  UTF-8, which is not checked here
    /// @return Errc::unprocessable if a match is tried for too long; what the sink says
    /// Source: huggingface/tokenizers src/tokenizer/pattern.rs; rust-onig src/find.rs, FindMatches.
    Status each(std::string_view text, const Sink& sink);

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

 private:
  struct Code;
  static Result<Regex> of_pcre2(std::string_view pattern);
  std::shared_ptr<const Code> code_;
};

}  // namespace waag::convert
