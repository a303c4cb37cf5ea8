#include "daemon/auth/secrets/xet_url.h"

#include <charconv>
#include <optional>

#include "protocol/hash.h"

namespace waag::daemon {
namespace {

constexpr std::size_t signature_digits = 32;  // 128 bits: URLs live for hours

/// The signed fields as they stand in the query.
struct Fields {
  std::string ranges, repo, token, expires;
};

std::string signature(std::string_view key, const XorbHash& xorb, const Fields& fields) {
  std::string text = "waag-xet-data-1\n" + xorb.hex() + "\n" + fields.ranges + "\n";
  text += fields.repo + "\n" + fields.token + "\n" + fields.expires;
  return hmac_sha256(as_bytes(key), as_bytes(text)).hex().substr(0, signature_digits);
}

template <class T>
bool take_number(std::string_view& text, T& value) {
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  if (!take_number(text, value) || !text.empty()) return std::nullopt;
  return value;
}

/// "0-99,200-299"
std::optional<std::vector<http::ByteRange>> parse_ranges(std::string_view text) {
  std::vector<http::ByteRange> ranges;
  for (;;) {
    http::ByteRange range;
    if (!take_number(text, range.first) || !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    if (!take_number(text, range.last) || range.last < range.first) return std::nullopt;
    ranges.push_back(range);
    if (text.empty()) return ranges;
    if (!text.starts_with(',') || ranges.size() == xet_url_ranges_max) return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

std::string sign_xet_url(std::string_view key, const XetUrlGrant& grant, storage::TimeMs expires) {
  Fields fields;
  for (const auto& range : grant.ranges) {
    if (!fields.ranges.empty()) fields.ranges += ',';
    fields.ranges += std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  fields.repo = std::to_string(grant.repo_uid);
  fields.token = grant.token_id;
  fields.expires = std::to_string(expires.count() / 1000);
  return "b=" + fields.ranges + "&r=" + fields.repo + "&t=" + fields.token +
         "&e=" + fields.expires + "&s=" + signature(key, grant.xorb, fields);
}

Result<XetUrlGrant> check_xet_url(std::string_view key, const XorbHash& xorb, const Query& query,
                                  storage::TimeMs now) {
  const auto bad = [] { return fail(Errc::forbidden, "bad or expired signature"); };
  const auto text = [&query](std::string_view name) {
    return std::string(query.get(name).value_or(""));
  };
  const Fields fields{text("b"), text("r"), text("t"), text("e")};
  const auto expected = signature(key, xorb, fields);
  if (!equal_constant_time(as_bytes(expected), as_bytes(text("s")))) return bad();
  // From here on the text is our own.
  auto ranges = parse_ranges(fields.ranges);
  const auto repo = whole_number<std::uint64_t>(fields.repo);
  const auto expires_s = whole_number<std::int64_t>(fields.expires);
  if (!ranges || !repo || !expires_s) return bad();
  if (*expires_s <= now.count() / 1000) return bad();
  return XetUrlGrant{xorb, *std::move(ranges), *repo, fields.token};
}

}  // namespace waag::daemon
