#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace waag::cli {

/// "1.5 GiB": three digits at most, binary units.
std::string human_bytes(std::uint64_t bytes);

/// Text of a field for people: strings as they are, others as JSON, "" if absent.
std::string field_text(const boost::json::value& object, std::string_view key);

/// One line an item, columns aligned; a heading in capitals unless there is nothing.
void print_table(std::ostream& out, const std::vector<std::string>& columns,
                 const std::vector<std::vector<std::string>>& lines);

/// One "key  value" line for each key that is there.
void print_fields(std::ostream& out, const boost::json::value& object,
                  const std::vector<std::string>& keys);

}  // namespace waag::cli
