#include "daemon/auth/secrets/xet_token.h"

#include <array>
#include <charconv>
#include <optional>

#include "protocol/hash.h"

namespace waag::daemon {
namespace {

constexpr std::string_view prefix = "waag-xet";
constexpr char separator = '~';  // in no token id, and allowed in a Bearer token
constexpr std::array scope_names = {"r", "p", "w"};
constexpr std::size_t generation_digits = 8;

std::string signature(std::string_view key, std::string_view text) {
  return hmac_sha256(as_bytes(key), as_bytes("waag-xet-token-1\n" + std::string(text))).hex();
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Up to the next separator, which is taken too.
std::string_view take_field(std::string_view& rest) {
  const auto end = rest.find(separator);
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return field;
}

std::optional<XetScope> scope_of(std::string_view name) {
  for (std::size_t i = 0; i < scope_names.size(); ++i)
    if (name == scope_names[i]) return static_cast<XetScope>(i);
  return std::nullopt;
}

}  // namespace

std::string mint_xet_token(std::string_view key, const XetGrant& grant, storage::TimeMs expires) {
  std::string text(prefix);
  text += separator + grant.token_id;
  text += separator + std::to_string(grant.repo_uid);
  text += separator + std::string(scope_names[static_cast<std::size_t>(grant.scope)]);
  text += separator + std::to_string(expires.count() / 1000);
  return text + separator + signature(key, text);
}

Result<XetGrant> open_xet_token(std::string_view key, std::string_view text, storage::TimeMs now) {
  const auto bad = [] { return fail(Errc::unauthenticated, "bad or expired Xet token"); };
  const auto end = text.rfind(separator);
  if (!text.starts_with(prefix) || end == std::string_view::npos) return bad();
  const auto signed_part = text.substr(0, end);
  const auto expected = signature(key, signed_part);
  if (!equal_constant_time(as_bytes(expected), as_bytes(text.substr(end + 1)))) return bad();
  // From here on the text is our own.
  auto rest = signed_part;
  static_cast<void>(take_field(rest));
  XetGrant grant;
  grant.token_id = take_field(rest);
  const auto repo = number<std::uint64_t>(take_field(rest));
  const auto scope = scope_of(take_field(rest));
  const auto expires_s = number<std::int64_t>(take_field(rest));
  if (!repo || !scope || !expires_s) return bad();
  if (*expires_s <= now.count() / 1000) return bad();
  grant.repo_uid = *repo;
  grant.scope = *scope;
  return grant;
}

std::string xet_generation(std::string_view key) {
  const auto digest = hmac_sha256(as_bytes(key), as_bytes("waag-xet-generation-1")).hex();
  return "g1-" + digest.substr(0, generation_digits);
}

}  // namespace waag::daemon
