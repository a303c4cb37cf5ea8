#include "convert/tokenizer/json_parts.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace waag::convert {

namespace json = boost::json;

std::optional<MergeParts> merge_parts(const json::value& merge) {
  MergeParts parts;
  if (const auto* pair = merge.if_array()) {
    if (pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
      return std::nullopt;
    parts.left = (*pair)[0].get_string();
    parts.right = (*pair)[1].get_string();
  } else if (merge.is_string()) {
    const std::string_view text = merge.get_string();
    const auto gap = text.find(' ');
    if (gap == text.npos || text.find(' ', gap + 1) != text.npos) return std::nullopt;
    parts.left = text.substr(0, gap);
    parts.right = text.substr(gap + 1);
  }
  if (parts.left.empty() || parts.right.empty()) return std::nullopt;
  return parts;
}

const json::object* object_at(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr ? nullptr : value->if_object();
}

bool has_text(const json::object& from, std::string_view key, std::string_view text) {
  const auto* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() && value->get_string() == text;
}

}  // namespace waag::convert
