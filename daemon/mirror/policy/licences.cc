#include "daemon/mirror/policy/licences.h"

#include <algorithm>
#include <array>
#include <span>

#include <boost/json/parse.hpp>

#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/card/yaml_json.h"

namespace waag::daemon {
namespace {

constexpr std::array class_names{std::string_view("open"), std::string_view("conditional"),
                                 std::string_view("restricted"), std::string_view("unknown")};

constexpr auto open_ids = std::to_array<std::string_view>({"apache-2.0",
                                                           "mit",
                                                           "bsd",
                                                           "bsd-2-clause",
                                                           "bsd-3-clause",
                                                           "bsd-3-clause-clear",
                                                           "bsl-1.0",
                                                           "cc",
                                                           "cc0-1.0",
                                                           "cc-by-2.0",
                                                           "cc-by-2.5",
                                                           "cc-by-3.0",
                                                           "cc-by-4.0",
                                                           "cc-by-sa-3.0",
                                                           "cc-by-sa-4.0",
                                                           "cdla-permissive-1.0",
                                                           "cdla-permissive-2.0",
                                                           "cdla-sharing-1.0",
                                                           "afl-3.0",
                                                           "artistic-2.0",
                                                           "ecl-2.0",
                                                           "epl-1.0",
                                                           "epl-2.0",
                                                           "eupl-1.1",
                                                           "eupl-1.2",
                                                           "gfdl",
                                                           "gpl",
                                                           "gpl-2.0",
                                                           "gpl-3.0",
                                                           "agpl-3.0",
                                                           "lgpl",
                                                           "lgpl-2.1",
                                                           "lgpl-3.0",
                                                           "isc",
                                                           "lppl-1.3c",
                                                           "ms-pl",
                                                           "mpl-2.0",
                                                           "ncsa",
                                                           "odbl",
                                                           "odc-by",
                                                           "ofl-1.1",
                                                           "osl-3.0",
                                                           "pddl",
                                                           "postgresql",
                                                           "unlicense",
                                                           "wtfpl",
                                                           "zlib",
                                                           "etalab-2.0",
                                                           "lgpl-lr",
                                                           "openmdw"});
constexpr auto conditional_ids = std::to_array<std::string_view>(
    {"openrail", "openrail++", "creativeml-openrail-m", "bigscience-openrail-m",
     "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "llama2", "llama3", "llama3.1", "llama3.2",
     "llama3.3", "llama4", "gemma", "tii-falcon-llm", "c-uda", "apple-ascl"});
constexpr auto restricted_ids = std::to_array<std::string_view>(
    {"cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0",
     "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "apple-amlr",
     "h-research", "intel-research", "deepfloyd-if-license",
     "fair-noncommercial-research-license"});

bool has(std::span<const std::string_view> ids, std::string_view id) {
  return std::ranges::find(ids, id) != ids.end();
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

void add_text(const boost::json::value* value, std::vector<std::string>& texts) {
  if (value != nullptr && value->is_string() && !value->get_string().empty())
    texts.push_back(lower(std::string_view(value->get_string())));
}

}  // namespace

std::string_view to_string(LicenceClass of) { return class_names[static_cast<std::size_t>(of)]; }

std::optional<LicenceClass> parse_licence_class(std::string_view text) {
  const auto at = std::ranges::find(class_names, text);
  if (at == class_names.end()) return std::nullopt;
  return static_cast<LicenceClass>(at - class_names.begin());
}

LicenceClass licence_class(std::string_view id) {
  const auto folded = lower(id);
  if (has(open_ids, folded)) return LicenceClass::open;
  if (has(conditional_ids, folded)) return LicenceClass::conditional;
  return has(restricted_ids, folded) ? LicenceClass::restricted : LicenceClass::unknown;
}

std::vector<std::string> card_licences(std::string_view readme) {
  std::vector<std::string> found;
  const auto text = hub::yaml_to_json(hub::front_matter(readme));
  if (!text) return found;
  boost::system::error_code bad;
  const auto card = boost::json::parse(*text, bad);
  if (bad || !card.is_object()) return found;
  const auto* licence = card.get_object().if_contains("license");
  if (licence != nullptr && licence->is_array())
    for (const auto& one : licence->get_array()) add_text(&one, found);
  else
    add_text(licence, found);
  const auto other = std::ranges::find(found, "other");
  if (other == found.end()) return found;
  found.erase(other);
  add_text(card.get_object().if_contains("license_name"), found);
  return found;
}

}  // namespace waag::daemon
