#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/result.h"

/// Reading JSON bodies from outside: bounded, without exceptions, null taken as absent. For .cc
/// files only; our headers show no Boost.JSON.
namespace waag::hub {

inline constexpr std::size_t json_bytes_max = 32 * 1024 * 1024;  // RELIABILITY 3.2.10
inline constexpr std::size_t json_depth_max = 64;

/// A whole JSON text whose top is an object; of a member given twice the last counts. Numbers keep
/// 64 bits.
/// @return Errc::invalid_argument if malformed or deeper than json_depth_max, Errc::too_large
Result<boost::json::object> parse_json_object(std::string_view text,
                                              std::size_t bytes_max = json_bytes_max);

/// The same for a text whose top is an array.
Result<boost::json::array> parse_json_array(std::string_view text,
                                            std::size_t bytes_max = json_bytes_max);

/// Each: nullopt if absent or null; Errc::invalid_argument if of another type.
Result<std::optional<std::string>> json_string(const boost::json::object& from,
                                               std::string_view key);
Result<std::optional<bool>> json_bool(const boost::json::object& from, std::string_view key);
Result<std::optional<std::uint64_t>> json_uint(const boost::json::object& from,
                                               std::string_view key);
/// The same; absent is an error too.
Result<std::string> json_required_string(const boost::json::object& from, std::string_view key);
/// nullptr if absent, null or no array.
const boost::json::array* json_array(const boost::json::object& from, std::string_view key);

}  // namespace waag::hub
