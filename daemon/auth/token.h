#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/hash.h"
#include "storage/meta/accounts/account_rows.h"
#include "storage/os/clock.h"

/// Tokens: "hf_", 12 characters of public id, 43 of secret, 6 of checksum, all of [0-9A-Za-z]. 43
/// such characters carry 256 bits. The shape is the one llama.cpp forwards (hf_ and alphanumerics,
/// 37 to 256 characters; HUB_API 2.2); the checksum lets secret scanners and us drop mistyped
/// tokens unseen.
namespace waag::daemon {

inline constexpr std::size_t token_id_chars = 12;
inline constexpr std::size_t token_secret_chars = 43;
inline constexpr std::size_t token_checksum_chars = 6;  // CRC-32C in base 62

struct TokenParts {
  std::string public_id;
  BlobId secret_sha256;
};

struct NewToken {
  std::string text;  // shown once, never stored
  TokenParts parts;
};

/// Draws a new token; every character is uniform.
NewToken mint_token(storage::Random& random);

/// @return nullopt unless `text` has the shape above and its checksum holds
std::optional<TokenParts> parse_token(std::string_view text);

/// "read", "write", "admin" or "fineGrained": in replies and for people.
std::string_view token_role_name(storage::TokenRole role);

/// The token in an Authorization header value: "Bearer T", or Basic with T as password (git,
/// git-lfs; user name free; T as user name if the password is empty). nullopt for any other scheme
/// or broken base64.
std::optional<std::string> token_of(std::string_view authorization);

}  // namespace waag::daemon
