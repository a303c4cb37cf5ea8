#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

namespace waag::convert {

struct MergeParts {
  std::string left, right;  // neither empty
};

/// A merge of a tokenizer.json: "left right" with exactly one space, or ["left", "right"].
std::optional<MergeParts> merge_parts(const boost::json::value& merge);

/// A member that is an object; nullptr if there is none.
const boost::json::object* object_at(const boost::json::object& from, std::string_view key);

/// Whether a member is this text.
bool has_text(const boost::json::object& from, std::string_view key, std::string_view text);

}  // namespace waag::convert
