#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/text/regex/regex.h"
#include "protocol/result.h"

namespace waag::convert {

/// How a tokenizer.json cuts a text into the pieces that its model takes one by one: Split, Digits,
/// ByteLevel, Metaspace, and Sequence of them.
/// Source: huggingface/tokenizers src/pre_tokenizers.
class SplitSteps {
 public:
  using Sink = std::function<Status(std::string_view piece)>;

  /// @param from  `pre_tokenizer`; nullptr and null leave the text whole
  /// @return Errc::unprocessable, naming it, if there is another one in it
  static Result<SplitSteps> read(const boost::json::value* from);
  /// Cuts by one expression, each match and each gap a piece, in the byte alphabet: tiktoken's way.
  static Result<SplitSteps> of_bytes(std::string_view pattern);

  /// Cuts texts. Of one thread; none of its texts within another's sink.
  class Splitter {
   public:
    explicit Splitter(const SplitSteps& steps);

    /// @param begins  nothing stands before the text
    /// @return as Regex and the sink say
    Status each(std::string_view text, bool begins, const Sink& sink);

   private:
    Status run(std::size_t at, std::string_view piece, bool begins, const Sink& sink);
    Status split(std::size_t at, std::string_view piece, bool begins, const Sink& sink);

    const SplitSteps& steps_;
    std::vector<Regex::Matcher> matchers_;  // of each step; of those without a pattern unused
  };

 private:
  enum class Kind : std::uint8_t { split, prefix, bytes, spaces };
  enum class Behavior : std::uint8_t { removed, isolated, with_previous, with_next, contiguous };
  struct Step {
    Kind kind{Kind::split};
    Regex pattern;
    Behavior behavior{Behavior::isolated};
    bool is_inverted = false;
    std::string text;          // prefix: put in front; spaces: put in place of each
    bool is_of_first = false;  // prefix: of the text's first piece alone
  };
  class Joiner;

  Status add(const boost::json::value* from, int depth);
  Status add_split(const boost::json::object& from);
  Status add_digits(const boost::json::object& from);
  Status add_byte_level(const boost::json::object& from);
  Status add_metaspace(const boost::json::object& from);

  std::vector<Step> steps_;
};

}  // namespace waag::convert
