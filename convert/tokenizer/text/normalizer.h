#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/text/regex/regex.h"
#include "protocol/result.h"

namespace waag::convert {

/// Of a text that is made tokens of.
inline constexpr std::size_t text_bytes_max = 64 * 1024 * 1024;
/// Of what a step makes of it.
inline constexpr std::size_t normalized_bytes_max = 4 * text_bytes_max;

/// What a tokenizer.json does to a text before it is split: NFC, Prepend, Replace, and Sequence of
/// them.
class Normalizer {
 public:
  /// @param from  `normalizer`; nullptr and null do nothing
  /// @return Errc::unprocessable, naming it, if there is another one in it
  static Result<Normalizer> read(const boost::json::value* from);

  /// @param text       UTF-8
  /// @param bytes_max  of it after each step
  /// @return as composed() and Regex say; Errc::too_large
  [[nodiscard]] Result<std::string> apply(std::string_view text,
                                          std::size_t bytes_max = normalized_bytes_max) const;

 private:
  enum class Kind : std::uint8_t { compose, prepend, replace };
  struct Step {
    Kind kind{Kind::compose};
    std::string text;  // that is put in front or in place of a match
    Regex pattern;     // that is replaced
  };

  static Result<Step> read_step(const boost::json::object& from, std::string_view type);
  Status add(const boost::json::value* from, int depth);

  std::vector<Step> steps_;
};

/// A `pattern` of a tokenizer.json: {"String": text} or {"Regex": expression}.
Result<Regex> read_pattern(const boost::json::object& from);

}  // namespace waag::convert
