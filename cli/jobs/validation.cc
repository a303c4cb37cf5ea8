#include "cli/jobs/validation.h"

#include <array>
#include <cstdio>
#include <optional>
#include <ostream>

#include <boost/json/array.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/print.h"

namespace waag::cli {
namespace {

namespace json = boost::json;

const json::array* list_in(const json::value& from, std::string_view key) {
  const auto* list = from.is_object() ? from.get_object().if_contains(key) : nullptr;
  return list != nullptr && list->is_array() ? &list->get_array() : nullptr;
}

std::optional<double> number_in(const json::value& from, std::string_view key) {
  const auto* value = from.is_object() ? from.get_object().if_contains(key) : nullptr;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code bad;
  const auto number = value->to_number<double>(bad);
  return bad ? std::nullopt : std::optional(number);
}

std::string digits(double value, bool is_share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), is_share ? "%.1f%%" : "%.3g",
                is_share ? value * 100 : value);
  return text.data();
}

/// "0.048 (0.06)": the figure, and what it is held against.
std::string figure(const json::value& of, std::string_view key) {
  const bool is_share = key == "same_top";
  const auto value = number_in(of, key);
  auto text = value ? digits(*value, is_share) : "-";
  const auto* limits = of.is_object() ? of.get_object().if_contains("limits") : nullptr;
  if (limits == nullptr) return text;
  if (const auto limit = number_in(*limits, key)) text += " (" + digits(*limit, is_share) + ")";
  return text;
}

}  // namespace

void show_validation(std::ostream& out, const json::value& result) {
  const auto* list = list_in(result, "validation");
  if (list == nullptr) return;
  std::vector<std::vector<std::string>> lines;
  for (const auto& one : *list)
    lines.push_back({printable(field_text(one, "target")), printable(field_text(one, "verdict")),
                     figure(one, "kld_mean"), figure(one, "kld_p99"), figure(one, "same_top"),
                     figure(one, "ln_perplexity_ratio")});
  print_table(out, {"TARGET", "VERDICT", "MEAN KLD", "KLD 99%", "SAME TOP", "LN PPL RATIO"}, lines);
  for (const auto& one : *list)
    if (const auto* reasons = list_in(one, "reasons"))
      for (const auto& reason : *reasons)
        if (reason.is_string())
          out << printable(field_text(one, "target")) << ": "
              << printable(std::string(reason.get_string())) << '\n';
}

}  // namespace waag::cli
