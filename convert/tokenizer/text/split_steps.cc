#include "convert/tokenizer/text/split_steps.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/json/value.hpp>

#include "convert/tokenizer/tekken/byte_alphabet.h"
#include "convert/tokenizer/text/bpe_model.h"
#include "convert/tokenizer/text/normalizer.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr int depth_max = 4;           // of a Sequence in another; published ones have one
constexpr std::size_t steps_max = 32;  // the longest published one becomes seven

/// ByteLevel's own. Source: openai/gpt-2 src/encoder.py.
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

Result<bool> flag(const json::object& from, std::string_view key, bool otherwise) {
  WAAG_TRY(const auto value, hub::json_bool(from, key));
  return value.value_or(otherwise);
}

std::string with_spaces_as(std::string_view text, std::string_view other) {
  std::string made;
  for (const char c : text) {
    if (c == ' ') {
      made += other;
    } else {
      made += c;
    }
  }
  return made;
}

}  // namespace

Result<SplitSteps> SplitSteps::read(const json::value* from) {
  SplitSteps steps;
  if (const auto added = steps.add(from, 0); !added)
    return fail(Errc::unprocessable, added.error().what);
  return steps;
}

Result<SplitSteps> SplitSteps::of_bytes(std::string_view pattern) {
  SplitSteps steps;
  Step split;
  WAAG_TRY(split.pattern, Regex::compile(pattern));
  steps.steps_.push_back(std::move(split));
  steps.steps_.push_back(Step{.kind = Kind::bytes, .pattern = {}, .text = {}});
  return steps;
}

Status SplitSteps::add(const json::value* from, int depth) {
  if (from == nullptr || from->is_null()) return ok();
  const auto* object = from->if_object();
  if (object == nullptr || depth > depth_max) return malformed("the pre_tokenizer is malformed");
  if (steps_.size() > steps_max) return malformed("the pre_tokenizer has too many steps");
  WAAG_TRY(const auto type, hub::json_required_string(*object, "type"));
  if (type == "Split") return add_split(*object);
  if (type == "Digits") return add_digits(*object);
  if (type == "ByteLevel") return add_byte_level(*object);
  if (type == "Metaspace") return add_metaspace(*object);
  if (type != "Sequence") return malformed("the pre_tokenizer " + type + " is not known");
  const auto* parts = hub::json_array(*object, "pretokenizers");
  if (parts == nullptr) return malformed("the pre_tokenizer is malformed");
  for (const auto& part : *parts) WAAG_CHECK(add(&part, depth + 1));
  return ok();
}

Status SplitSteps::add_split(const json::object& from) {
  constexpr std::array<std::pair<std::string_view, Behavior>, 5> behaviors{
      {{"Removed", Behavior::removed},
       {"Isolated", Behavior::isolated},
       {"MergedWithPrevious", Behavior::with_previous},
       {"MergedWithNext", Behavior::with_next},
       {"Contiguous", Behavior::contiguous}}};
  Step step;
  WAAG_TRY(step.pattern, read_pattern(from));
  WAAG_TRY(step.is_inverted, flag(from, "invert", false));
  WAAG_TRY(const auto named, hub::json_required_string(from, "behavior"));
  for (const auto& [name, behavior] : behaviors) {
    if (name != named) continue;
    step.behavior = behavior;
    steps_.push_back(std::move(step));
    return ok();
  }
  return malformed("the behavior " + named + " of a Split is not known");
}

Status SplitSteps::add_digits(const json::object& from) {
  Step step;
  WAAG_TRY(const bool individual, flag(from, "individual_digits", false));
  WAAG_TRY(step.pattern, Regex::compile(R"(\p{N})"));
  step.behavior = individual ? Behavior::isolated : Behavior::contiguous;
  steps_.push_back(std::move(step));
  return ok();
}

Status SplitSteps::add_byte_level(const json::object& from) {
  WAAG_TRY(const bool prefix, flag(from, "add_prefix_space", true));
  if (prefix) steps_.push_back(Step{.kind = Kind::prefix, .pattern = {}, .text = " "});
  WAAG_TRY(const bool splits, flag(from, "use_regex", true));
  if (splits) {
    Step step;
    WAAG_TRY(step.pattern, Regex::compile(gpt2_pattern));
    steps_.push_back(std::move(step));
  }
  for (const auto& step : steps_)
    if (step.kind == Kind::bytes) return malformed("the pre_tokenizer has two of ByteLevel");
  steps_.push_back(Step{.kind = Kind::bytes, .pattern = {}, .text = {}});
  return ok();
}

Status SplitSteps::add_metaspace(const json::object& from) {
  WAAG_TRY(const auto replacement, hub::json_required_string(from, "replacement"));
  if (replacement.empty() || letter_bytes(replacement) != replacement.size())
    return malformed("the replacement of a Metaspace is no letter");
  WAAG_TRY(const auto scheme, hub::json_string(from, "prepend_scheme"));
  WAAG_TRY(const bool prefix, flag(from, "add_prefix_space", true));
  WAAG_TRY(const bool splits, flag(from, "split", true));
  auto named = scheme.value_or("always");
  if (!prefix) {
    if (scheme && named != "never") return malformed("a Metaspace contradicts itself");
    named = "never";
  }
  if (named != "always" && named != "first" && named != "never")
    return malformed("the prepend_scheme " + named + " of a Metaspace is not known");
  steps_.push_back(Step{.kind = Kind::spaces, .pattern = {}, .text = replacement});
  if (named != "never") {
    Step step{.kind = Kind::prefix, .pattern = {}, .text = replacement};
    step.is_of_first = named == "first";
    steps_.push_back(std::move(step));
  }
  if (!splits) return ok();
  Step step;
  WAAG_TRY(step.pattern, Regex::literal(replacement));
  step.behavior = Behavior::with_next;
  steps_.push_back(std::move(step));
  return ok();
}

/// Makes pieces of the parts of a text, which come one after the other, as a behavior says.
class SplitSteps::Joiner {
 public:
  Joiner(Behavior behavior, const Sink& sink) : behavior_(behavior), sink_(sink) {}

  Status take(std::string_view part, bool is_match) {
    if (behavior_ == Behavior::isolated) return sink_(part);
    if (behavior_ == Behavior::removed) return is_match ? ok() : sink_(part);
    const bool before = std::exchange(was_match_, is_match);
    bool joins = held_.has_value();
    if (behavior_ == Behavior::contiguous) joins = joins && is_match == before;
    if (behavior_ == Behavior::with_previous) joins = joins && is_match && !before;
    if (behavior_ == Behavior::with_next) joins = joins && before && !is_match;
    if (joins) {
      held_ = std::string_view(held_->data(), held_->size() + part.size());
      return ok();
    }
    WAAG_CHECK(end());
    held_ = part;
    return ok();
  }

  Status end() {
    const auto piece = std::exchange(held_, std::nullopt);
    return piece ? sink_(*piece) : ok();
  }

 private:
  Behavior behavior_;
  const Sink& sink_;
  std::optional<std::string_view> held_;  // the piece before, which may grow
  bool was_match_ = false;
};

SplitSteps::Splitter::Splitter(const SplitSteps& steps) : steps_(steps) {
  for (const auto& step : steps.steps_) matchers_.emplace_back(step.pattern);
}

Status SplitSteps::Splitter::each(std::string_view text, bool begins, const Sink& sink) {
  return run(0, text, begins, sink);
}

Status SplitSteps::Splitter::run(std::size_t at, std::string_view piece, bool begins,
                                 const Sink& sink) {
  if (piece.empty()) return ok();
  if (at == steps_.steps_.size()) return sink(piece);
  const auto& step = steps_.steps_[at];
  switch (step.kind) {
    case Kind::split:
      return split(at, piece, begins, sink);
    case Kind::bytes:
      return run(at + 1, in_byte_alphabet(piece), begins, sink);
    case Kind::spaces:
      return run(at + 1, with_spaces_as(piece, step.text), begins, sink);
    case Kind::prefix:
      if (piece.starts_with(step.text) || (step.is_of_first && !begins))
        return run(at + 1, piece, begins, sink);
      return run(at + 1, step.text + std::string(piece), begins, sink);
  }
  return ok();
}

Status SplitSteps::Splitter::split(std::size_t at, std::string_view piece, bool begins,
                                   const Sink& sink) {
  const auto& step = steps_.steps_[at];
  const Sink next = [&](std::string_view part) {
    return run(at + 1, part, begins && part.data() == piece.data(), sink);
  };
  Joiner joiner(step.behavior, next);
  WAAG_CHECK(matchers_[at].each(piece, [&](std::string_view part, bool is_match) {
    return joiner.take(part, is_match != step.is_inverted);
  }));
  return joiner.end();
}

}  // namespace waag::convert
