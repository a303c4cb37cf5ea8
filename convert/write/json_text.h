#pragma once

#include <string>
#include <string_view>

#include <boost/json/serialize.hpp>

namespace waag::convert {

/// A string as JSON writes it, quotes included. @param text  UTF-8
inline std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

}  // namespace waag::convert
