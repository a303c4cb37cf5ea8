#include "convert/forward_job/events.h"

#include <cmath>

namespace waag::convert {

boost::json::value number_or_null(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

std::string end_line(std::span<const std::vector<std::uint32_t>> texts,
                     std::chrono::steady_clock::time_point begun) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::uint64_t tokens = 0;
  for (const auto& text : texts) tokens += text.size();
  return R"({"event":"done","tokens":)" + std::to_string(tokens) + R"(,"seconds":)" +
         std::to_string(took.count()) + "}\n";
}

boost::json::object members_of(const DivergenceSummary& of) {
  return {{"places", of.places},
          {"perplexity_reference", number_or_null(of.perplexity_reference)},
          {"perplexity_other", number_or_null(of.perplexity_other)},
          {"ln_perplexity_ratio", number_or_null(of.ln_perplexity_ratio)},
          {"ln_perplexity_ratio_error", number_or_null(of.ln_perplexity_ratio_error)},
          {"kld_mean", number_or_null(of.kld_mean)},
          {"kld_error", number_or_null(of.kld_error)},
          {"kld_median", number_or_null(of.kld_median)},
          {"kld_p90", number_or_null(of.kld_p90)},
          {"kld_p99", number_or_null(of.kld_p99)},
          {"kld_p999", number_or_null(of.kld_p999)},
          {"kld_max", number_or_null(of.kld_max)},
          {"same_top", number_or_null(of.same_top)},
          {"next_mean", number_or_null(of.next_mean)},
          {"next_rms", number_or_null(of.next_rms)}};
}

}  // namespace waag::convert
