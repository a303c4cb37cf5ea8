#include "cli/print.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

#include <boost/json/serialize.hpp>

namespace waag::cli {

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  const int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, units[unit]);
  return text.data();
}

std::string field_text(const boost::json::value& object, std::string_view key) {
  if (!object.is_object()) return "";
  const auto* value = object.as_object().if_contains(key);
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->as_string());
  return boost::json::serialize(*value);
}

void print_table(std::ostream& out, const std::vector<std::string>& columns,
                 const std::vector<std::vector<std::string>>& lines) {
  if (lines.empty()) return;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto width = columns[i].size();
    for (const auto& line : lines) width = std::max(width, line[i].size());
    widths.push_back(width);
  }
  const auto print = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out << cells[i];
      if (i + 1 < cells.size()) out << std::string(widths[i] - cells[i].size() + 2, ' ');
    }
    out << '\n';
  };
  print(columns);
  for (const auto& line : lines) print(line);
}

void print_fields(std::ostream& out, const boost::json::value& object,
                  const std::vector<std::string>& keys) {
  std::size_t width = 0;
  for (const auto& key : keys) width = std::max(width, key.size());
  for (const auto& key : keys) {
    const auto text = field_text(object, key);
    if (!text.empty()) out << key << std::string(width - key.size() + 2, ' ') << text << '\n';
  }
}

}  // namespace waag::cli
