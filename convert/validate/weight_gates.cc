#include "convert/validate/weight_gates.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace waag::convert {
namespace {

/// Real weights have heavier tails than normal values, which cost about this much (Student's t of
/// four degrees of freedom: 1.3 to 2.7 dB).
constexpr double slack_db = 3;
/// With an importance matrix whose weights differ as exp(2 N(0, 1)): t 4.1 dB. Of values that stand
/// on the steps of another format: 4.8 dB if all errors are half a step.
constexpr double lenient_slack_db = 5;

/// What a row may fall to while all of the tensor hardly shows a row: another row in its place has
/// -3 dB, one that is lost or twice as large 0, one that is half as large 6.02.
constexpr double row_least_db = 6.5;
/// Short rows are up to 4 dB below their tensor (Q2_K).
constexpr double row_slack_db = 6;

struct TypeRatio {
  std::string_view type;
  double sqnr_db;
};

/// Of normal values in BF16 (FORMATS 7.1; the last six as docs/CONVERT.md says). The type's own
/// rounding is all that floats lose, after that to BF16 on their way from FP8. Those with one scale
/// for many values lose more to heavy tails than the slack has: of int8 it is the ratio of t in
/// rows of 16384, of w4a16 1 dB less than it plus the slack.
constexpr std::array<TypeRatio, 22> ratios{{
    {"Q8_0", 45.4},  {"Q6_K", 35.0},   {"Q5_1", 28.4},        {"Q5_K", 28.8},      {"Q5_0", 27.4},
    {"Q4_K", 22.9},  {"IQ4_NL", 22.4}, {"IQ4_XS", 22.3},      {"Q4_1", 22.1},      {"Q4_0", 21.3},
    {"MXFP4", 18.9}, {"Q3_K", 16.4},   {"Q2_K", 10.6},        {"F32", 55.6},       {"F16", 55.6},
    {"BF16", 55.6},  {"int8", 28.5},   {"fp8-dynamic", 31.5}, {"fp8-block", 31.5}, {"w4a16", 16.7},
    {"nvfp4", 20.4}, {"F64", 55.6},
}};

std::optional<double> ratio_of(std::string_view type) {
  const auto* found = std::ranges::find(ratios, type, &TypeRatio::type);
  if (found == ratios.end()) return std::nullopt;
  return found->sqnr_db;
}

std::string decibels(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

}  // namespace

std::optional<double> least_sqnr_db(std::string_view type, bool is_lenient) {
  const auto ratio = ratio_of(type);
  if (!ratio) return std::nullopt;
  return *ratio - (is_lenient ? lenient_slack_db : slack_db);
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
  const auto ratio = ratio_of(errors.type);
  if (!ratio) {
    say("no limit is known for the type");
    return faults;
  }
  const auto least = *ratio - (errors.is_lenient ? lenient_slack_db : slack_db);
  if (errors.sqnr_db && *errors.sqnr_db < least)
    say(decibels(*errors.sqnr_db) + " dB, at least " + decibels(least) + " are expected");
  const auto least_of_row = std::min(row_least_db, *ratio - row_slack_db);
  if (errors.row_sqnr_db && *errors.row_sqnr_db < least_of_row)
    say("a row has " + decibels(*errors.row_sqnr_db) + " dB, at least " + decibels(least_of_row) +
        " are expected");
  return faults;
}

}  // namespace waag::convert
