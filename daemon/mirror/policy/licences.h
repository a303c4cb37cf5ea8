#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waag::daemon {

/// What a licence lets people do, in four drawers: it is no legal advice, but a start.
enum class LicenceClass : std::uint8_t {
  open,         // any use, also changed and sold
  conditional,  // with conditions on use or users: OpenRAIL, model licences of companies
  restricted,   // not for commerce, not to be changed, or not at all
  unknown,      // no licence is named, or none that the table knows
};
std::string_view to_string(LicenceClass of);
std::optional<LicenceClass> parse_licence_class(std::string_view text);

/// @param id  as cards have it: "apache-2.0", in any case
/// Source: the Hub's list of licence ids (docs "Licenses"), sorted by their texts.
LicenceClass licence_class(std::string_view id);

/// The licences that a README.md's front matter names, folded to lower case: `license`, one text or
/// a list, and `license_name` where that is "other".
std::vector<std::string> card_licences(std::string_view readme);

}  // namespace waag::daemon
