#include "protocol/http/byte_range.h"

#include <algorithm>
#include <limits>

#include "protocol/http/field.h"

namespace waag::http {
namespace {

constexpr std::uint64_t saturated = std::numeric_limits<std::uint64_t>::max();

/// Digits only, at least one; a number beyond 64 bits is as good as the largest one.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (saturated - digit) / 10 ? saturated : value * 10 + digit;
  }
  return value;
}

Error outside() { return fail(Errc::range_not_satisfiable, "range starts after the end"); }

/// What stands behind "bytes="; nullopt if the header is in another unit.
std::optional<std::string_view> after_unit(std::string_view header) {
  constexpr std::string_view unit = "bytes=";
  header = trimmed(header);
  if (!equal_nocase(header.substr(0, unit.size()), unit)) return std::nullopt;
  return header.substr(unit.size());
}

/// One range, "0-9", "5-" or "-4". @return nullopt if it is none
Result<std::optional<ByteRange>> parse_spec(std::string_view spec, std::uint64_t total_bytes) {
  const auto dash = spec.find('-');
  if (dash == spec.npos) return std::optional<ByteRange>{};
  const auto last = parse_position(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::optional<ByteRange>{};
    if (*last == 0 || total_bytes == 0) return outside();
    const auto suffix_bytes = std::min(*last, total_bytes);
    return std::optional(ByteRange{total_bytes - suffix_bytes, total_bytes - 1});
  }
  const auto first = parse_position(spec.substr(0, dash));
  const bool open = dash + 1 == spec.size();
  if (!first || (!open && !last) || (last && *last < *first)) return std::optional<ByteRange>{};
  if (*first >= total_bytes) return outside();
  return std::optional(
      ByteRange{*first, open ? total_bytes - 1 : std::min(*last, total_bytes - 1)});
}

/// Calls `match(tag, weak)` for each member of an entity-tag list until it says true. A member
/// without quotes is taken as it stands: some clients send the bare hash.
template <class Match>
bool any_tag(std::string_view header, Match match) {
  std::size_t at = 0;
  while (at < header.size()) {
    if (header[at] == ' ' || header[at] == '\t' || header[at] == ',') {
      ++at;
      continue;
    }
    const bool weak = header.substr(at).starts_with("W/");
    if (weak) at += 2;
    std::string_view tag;
    if (at < header.size() && header[at] == '"') {
      const auto end = header.find('"', at + 1);
      if (end == header.npos) return false;
      tag = header.substr(at + 1, end - at - 1);
      at = end + 1;
    } else {
      const auto end = std::min(header.find_first_of(", \t", at), header.size());
      tag = header.substr(at, end - at);
      at = end;
    }
    if (match(tag, weak)) return true;
  }
  return false;
}

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    return etag.substr(1, etag.size() - 2);
  return etag;
}

}  // namespace

Result<std::optional<ByteRange>> parse_byte_range(std::string_view header,
                                                  std::uint64_t total_bytes) {
  const auto spec = after_unit(header);
  if (total_bytes == 0 || !spec) return std::optional<ByteRange>{};
  return parse_spec(*spec, total_bytes);
}

Result<std::vector<ByteRange>> parse_byte_ranges(std::string_view header, std::uint64_t total_bytes,
                                                 std::size_t ranges_max) {
  auto rest = after_unit(header);
  if (!rest) return fail(Errc::invalid_argument, "range: not in bytes");
  std::vector<ByteRange> ranges;
  for (;;) {
    if (ranges.size() == ranges_max) return fail(Errc::invalid_argument, "range: too many");
    const auto comma = std::min(rest->find(','), rest->size());
    WAAG_TRY(const auto range, parse_spec(trimmed(rest->substr(0, comma)), total_bytes));
    if (!range) return fail(Errc::invalid_argument, "range: malformed");
    ranges.push_back(*range);
    if (comma == rest->size()) return ranges;
    rest->remove_prefix(comma + 1);
  }
}

std::string content_range(const ByteRange& range, std::uint64_t total_bytes) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(total_bytes);
}

std::string unsatisfied_content_range(std::uint64_t total_bytes) {
  return "bytes */" + std::to_string(total_bytes);
}

bool if_none_match(std::string_view header, std::string_view etag) {
  header = trimmed(header);
  if (header == "*") return true;
  const auto current = unquoted(etag.starts_with("W/") ? etag.substr(2) : etag);
  return any_tag(header, [&](std::string_view tag, bool) { return tag == current; });
}

bool if_match(std::string_view header, std::string_view etag) {
  header = trimmed(header);
  if (header == "*") return true;
  if (etag.starts_with("W/")) return false;
  return any_tag(header,
                 [&](std::string_view tag, bool weak) { return !weak && tag == unquoted(etag); });
}

bool if_range_allows(std::string_view header, std::string_view etag) {
  header = trimmed(header);
  return header.size() >= 2 && header.front() == '"' && header == etag;
}

}  // namespace waag::http
