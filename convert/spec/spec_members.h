#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "protocol/result.h"

/// What the specs on the program's stdin have in common: strict members, absolute paths, tokens.
/// Each: Errc::invalid_argument, naming the member. For .cc files only.
namespace waag::convert {

/// A text, as tokens of a model.
using TokenText = std::vector<std::uint32_t>;

/// @return Errc::too_large, saying so, for a text that is longer than a spec may be
Result<boost::json::object> parse_spec(std::string_view text, std::size_t bytes_max);

/// An option that is not understood is not left out silently.
Status check_members(const boost::json::object& from,
                     std::initializer_list<std::string_view> known);

Result<std::filesystem::path> absolute_path(const boost::json::object& from, std::string_view key);

/// Member "threads"; 0: absent, as many as there are cores.
Result<unsigned> threads_member(const boost::json::object& from);

/// Member "tokens": a list of lists, of which there is one at least.
Result<std::vector<TokenText>> token_lists(const boost::json::object& from);

}  // namespace waag::convert
