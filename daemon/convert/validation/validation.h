#pragma once

#include <map>
#include <set>

#include "daemon/convert/child/converter_run.h"
#include "daemon/convert/validation/validation_events.h"

namespace waag::daemon {

/// What one target lost, and what is thought of it.
struct TargetValidation {
  std::vector<certificate::Tensor> tensors;
  std::vector<double> blocks;  // error of the hidden states after each
  std::optional<certificate::Figures> figures;
  certificate::Verdict verdict{certificate::Verdict::fail};
  certificate::Limits limits;
  std::vector<std::string> reasons;
};

/// Takes what `waag-convert --validate` says, in the order in which it must: the text; of each
/// target its tensors, its blocks, what the comparison gave and the verdict, while targets may take
/// turns; the end. A verdict that lets it be published must have all of that before it, in finite
/// numbers, and no divergence above the limits that it names. Used by one thread.
class Validation {
 public:
  /// @param tensors  of each target: how many there are, for progress; 0: nobody knows
  explicit Validation(const std::map<std::string, std::uint64_t>& tensors);

  /// Errc::unprocessable says what is wrong with it.
  Status take(std::string_view line);
  [[nodiscard]] const ConverterSaid& said() const { return said_; }

  /// How much of the work is done, from 0 to 1, and at what it is.
  [[nodiscard]] double share() const;
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] std::uint64_t targets_done() const;

  // --- after the end ---
  [[nodiscard]] const ValidationText& text() const { return *text_; }
  /// By target: all that it was made for.
  [[nodiscard]] std::map<std::string, TargetValidation> results() const;

 private:
  enum class Stage : std::uint8_t { weights, blocks, compared, judged };
  struct Target {
    TargetValidation result;
    std::uint64_t tensors = 0, blocks = 0;  // that there are; 0: not known yet
    std::set<std::string> names;
    Stage stage{Stage::weights};
    bool is_finite = true;
  };
  Result<Target*> at(const std::string& target, Stage latest);
  Status on(ValidationText text);
  Status on(ValidationWeights weights);
  Status on(ValidationBlock block);
  Status on(ValidationCompared compared);
  Status on(ValidationVerdict verdict);
  Status on(ValidationDone done);
  Status on(ValidationError error);

  std::map<std::string, Target> targets_;
  std::optional<ValidationText> text_;
  ConverterSaid said_;
  std::string note_;
};

}  // namespace waag::daemon
