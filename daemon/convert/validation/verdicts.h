#pragma once

#include <boost/json/array.hpp>

#include "daemon/convert/validation/validation.h"

namespace waag::daemon {

/// What a job says of its validation.
class Verdicts {
 public:
  Verdicts() = default;  // none was wanted
  explicit Verdicts(std::map<std::string, TargetValidation> results)
      : results_(std::move(results)) {}

  [[nodiscard]] bool has_failed(const std::string& target) const;
  /// Errc::unprocessable if a target has failed: says which, and why.
  [[nodiscard]] Status status() const;
  /// Of those that lost more than usual, one line each.
  [[nodiscard]] std::vector<std::string> warnings() const;
  /// [{"target":…,"verdict":"pass","perplexity_reference":…,…,"limits":{…},"reasons":[…],
  ///   "certificate":"certificates/Q4_K_M.json"}]; without figures where they are no numbers, and
  /// without a certificate where the target is not published.
  [[nodiscard]] boost::json::array to_json() const;

 private:
  std::map<std::string, TargetValidation> results_;
};

}  // namespace waag::daemon
