#include "convert/validate/weight_gates.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace waag::convert {
namespace {

/// Real weights have heavier tails than those the ratios below are of, and an importance matrix
/// costs some of them too (Q4_K: 0.15 dB): what a tensor may lose to that.
constexpr double slack_db = 3;

/// What a row may fall to: another row in its place has -3 dB, a row that is lost or twice as large
/// 0, one that is half as large 6.02, while all of the tensor hardly shows a row.
constexpr double row_least_db = 6.5;

struct TypeRatio {
  std::string_view type;
  double sqnr_db;  // of normal values
};

/// Source: FORMATS 7.1; the types that it has not, docs/CONVERT.md.
constexpr std::array<TypeRatio, 16> ratios{{
    {"F16", 73},
    {"BF16", 55},
    {"Q8_0", 45.4},
    {"Q6_K", 35.0},
    {"Q5_1", 28.4},
    {"Q5_K", 28.8},
    {"Q5_0", 27.4},
    {"Q4_K", 22.9},
    {"IQ4_NL", 22.4},
    {"IQ4_XS", 22.3},
    {"Q4_1", 22.1},
    {"Q4_0", 21.3},
    {"MXFP4", 18.9},
    {"Q3_K", 16.4},
    {"Q2_K", 10.6},
    {"F32", 140},
}};

std::string decibels(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

}  // namespace

std::optional<double> least_sqnr_db(std::string_view type) {
  const auto* found = std::ranges::find(ratios, type, &TypeRatio::type);
  if (found == ratios.end()) return std::nullopt;
  return found->sqnr_db - slack_db;
}

std::vector<std::string> weight_faults(const WeightErrors& errors) {
  std::vector<std::string> faults;
  if (errors.elements == 0) return faults;
  const auto say = [&](const std::string& what) {
    faults.push_back(errors.name + " (" + errors.type + "): " + what);
  };
  if (errors.not_finite > 0) say(std::to_string(errors.not_finite) + " values are NaN or Inf");
  if (errors.not_kept > 0)
    say(std::to_string(errors.not_kept) + " values are others, which the type holds exactly");
  if (errors.largest == 0 && errors.largest_error > 0) say("its source is all zero, and it is not");
  const auto least = least_sqnr_db(errors.type);
  if (!least) {
    say("no limit is known for the type");
    return faults;
  }
  if (errors.sqnr_db && *errors.sqnr_db < *least)
    say(decibels(*errors.sqnr_db) + " dB, at least " + decibels(*least) + " are expected");
  const auto least_of_row = std::min(row_least_db, *least);
  if (errors.row_sqnr_db && *errors.row_sqnr_db < least_of_row)
    say("a row has " + decibels(*errors.row_sqnr_db) + " dB, at least " + decibels(least_of_row) +
        " are expected");
  return faults;
}

}  // namespace waag::convert
