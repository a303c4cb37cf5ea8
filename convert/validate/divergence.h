#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "convert/forward/kernels/workers.h"

namespace waag::convert {

/// What two models say of the token that follows a place in a text.
struct PlaceDivergence {
  double kld = 0;             // of the other's distribution from the reference's, nats
  double nll_reference = 0;   // -ln p of the token that does follow, nats
  double nll_other = 0;       // by the other model
  bool has_same_top = false;  // the likeliest token; the lowest of equals
};

/// Logits of two models for the same places, a tile of the vocabulary after the other, without
/// keeping them: sums relative to the largest logit so far are scaled when a larger one comes
/// (FORMATS 6.7). Sums in F64, in the order of the vocabulary.
class Divergence {
 public:
  /// @param next  the token that follows each place
  explicit Divergence(std::vector<std::uint32_t> next);

  /// @param first_token  of the tile; tiles come in the order of the vocabulary
  /// @param reference, other  as many logits for each place, places one behind the other
  /// @param workers  take some places each; the figures do not depend on how many there are
  Status add(std::uint32_t first_token, std::span<const float> reference,
             std::span<const float> other, Workers& workers);

  /// After the last tile.
  [[nodiscard]] std::vector<PlaceDivergence> places() const;

 private:
  struct Side {
    double most = 0, sum = 0;  // sum of e^(logit - most)
    std::uint32_t top = 0;
    double next = 0;  // logit of the token that follows
  };
  struct Place {
    Side reference, other;
    double difference = 0;  // sum of e^(reference - most) (reference - other)

    void add(std::uint32_t token, double a, double b, bool is_first);
  };

  std::vector<std::uint32_t> next_;
  std::vector<Place> places_;
  bool has_begun_ = false;
};

/// Over all places (FORMATS 7.2).
struct DivergenceSummary {
  std::uint64_t places = 0;
  double perplexity_reference = 0, perplexity_other = 0;
  double ln_perplexity_ratio = 0;        // other over reference
  double ln_perplexity_ratio_error = 0;  // its standard error
  double kld_mean = 0, kld_error = 0, kld_median = 0, kld_p90 = 0, kld_p99 = 0, kld_p999 = 0,
         kld_max = 0;                  // nats; error: standard error of the mean
  double same_top = 0;                 // share of places
  double next_mean = 0, next_rms = 0;  // of p_other - p_reference of the token that follows
};

/// @param places  some
DivergenceSummary summarize(std::span<const PlaceDivergence> places);

}  // namespace waag::convert
