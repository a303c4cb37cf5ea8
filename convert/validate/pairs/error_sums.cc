#include "convert/validate/pairs/error_sums.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace waag::convert {
namespace {

/// Sums that grow side by side, so that one addition need not wait for the one before.
constexpr std::size_t lanes = 8;
using Lanes64 = std::array<double, lanes>;

struct LaneSums {
  Lanes64 source{}, made{}, product{}, error{}, largest{}, largest_error{};

  void add(std::size_t lane, double from, double to) {
    const auto gap = to - from;
    source[lane] += from * from;
    made[lane] += to * to;
    product[lane] += from * to;
    error[lane] += gap * gap;
    largest[lane] = std::max(largest[lane], std::fabs(from));
    largest_error[lane] = std::max(largest_error[lane], std::fabs(gap));
  }
};

double sum(const Lanes64& of) {
  return ((of[0] + of[1]) + (of[2] + of[3])) + ((of[4] + of[5]) + (of[6] + of[7]));
}

}  // namespace

ErrorSums& ErrorSums::operator+=(const ErrorSums& other) {
  source += other.source;
  made += other.made;
  product += other.product;
  error += other.error;
  largest = std::max(largest, other.largest);
  largest_error = std::max(largest_error, other.largest_error);
  return *this;
}

ErrorSums sums_of(std::span<const float> source, std::span<const float> made) {
  LaneSums in_lanes;
  std::size_t at = 0;
  for (; at + lanes <= source.size(); at += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      in_lanes.add(lane, double{source[at + lane]}, double{made[at + lane]});
  for (std::size_t lane = 0; at + lane < source.size(); ++lane)
    in_lanes.add(lane, double{source[at + lane]}, double{made[at + lane]});
  return {.source = sum(in_lanes.source),
          .made = sum(in_lanes.made),
          .product = sum(in_lanes.product),
          .error = sum(in_lanes.error),
          .largest = *std::ranges::max_element(in_lanes.largest),
          .largest_error = *std::ranges::max_element(in_lanes.largest_error)};
}

}  // namespace waag::convert
