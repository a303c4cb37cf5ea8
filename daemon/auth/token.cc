#include "daemon/auth/token.h"

#include <algorithm>
#include <array>

#include "protocol/base64.h"

namespace waag::daemon {
namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view prefix = "hf_";
constexpr std::size_t body_chars = token_id_chars + token_secret_chars;

std::string draw(storage::Random& random, std::size_t chars) {
  // 248 = 4 * 62: bytes from there on would make the first digits more likely.
  constexpr auto fair_below = std::byte{248};
  std::string text;
  std::array<std::byte, 64> pool{};
  while (text.size() < chars) {
    random.fill(pool);
    for (const auto byte : pool)
      if (byte < fair_below && text.size() < chars)
        text += digits[std::to_integer<std::size_t>(byte) % digits.size()];
  }
  return text;
}

std::string checksum(std::string_view body) {
  auto rest = crc32c(as_bytes(body));
  std::string text(token_checksum_chars, '0');
  for (auto& c : text) {
    c = digits[rest % digits.size()];
    rest /= static_cast<std::uint32_t>(digits.size());
  }
  return text;
}

bool same_scheme(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::optional<std::string> basic_token(std::string_view encoded) {
  const auto decoded = decode_base64(encoded);
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  auto password = decoded->substr(colon + 1);
  return password.empty() ? decoded->substr(0, colon) : std::move(password);
}

}  // namespace

NewToken mint_token(storage::Random& random) {
  const auto id = draw(random, token_id_chars);
  const auto secret = draw(random, token_secret_chars);
  NewToken token;
  token.text = std::string(prefix) + id + secret + checksum(id + secret);
  token.parts = {id, sha256(as_bytes(secret))};
  return token;
}

std::optional<TokenParts> parse_token(std::string_view text) {
  if (text.size() != prefix.size() + body_chars + token_checksum_chars) return std::nullopt;
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  if (text.find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
  const auto body = text.substr(0, body_chars);
  if (text.substr(body_chars) != checksum(body)) return std::nullopt;
  return TokenParts{std::string(body.substr(0, token_id_chars)),
                    sha256(as_bytes(body.substr(token_id_chars)))};
}

std::string_view token_role_name(storage::TokenRole role) {
  switch (role) {
    case storage::TokenRole::read:
      return "read";
    case storage::TokenRole::write:
      return "write";
    case storage::TokenRole::admin:
      return "admin";
    case storage::TokenRole::fine_grained:
      return "fineGrained";
  }
  return "read";
}

std::optional<std::string> token_of(std::string_view authorization) {
  const auto space = authorization.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto scheme = authorization.substr(0, space);
  const auto begin = authorization.find_first_not_of(' ', space);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto value = authorization.substr(begin);
  if (same_scheme(scheme, "bearer")) return std::string(value);
  if (same_scheme(scheme, "basic")) return basic_token(value);
  return std::nullopt;
}

}  // namespace waag::daemon
