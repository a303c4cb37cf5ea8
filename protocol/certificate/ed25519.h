#pragma once

#include <string>
#include <string_view>

#include "protocol/ids.h"

/// Ed25519 signatures (RFC 8032) and the PEM form of their keys (RFC 8410), which openssl reads.
namespace waag::certificate {

using PublicKey = HashId<struct Ed25519PublicTag, 32>;
using Signature = HashId<struct Ed25519SignatureTag, 64>;
/// The private key: 32 random bytes that everything else follows from.
using PrivateSeed = HashId<struct Ed25519SeedTag, 32>;

PublicKey public_key_of(const PrivateSeed& seed);
Signature sign(const PrivateSeed& seed, ByteView message);
bool is_signed_by(const PublicKey& key, ByteView message, const Signature& signature);

/// "-----BEGIN PUBLIC KEY-----…", with a line feed at the end.
std::string to_pem(const PublicKey& key);
/// "-----BEGIN PRIVATE KEY-----…" (PKCS #8, not encrypted).
std::string to_pem(const PrivateSeed& seed);

/// The first block of `pem`, which must be an Ed25519 key of that kind.
/// @return Errc::invalid_argument for anything else, also what is encrypted
Result<PublicKey> parse_public_pem(std::string_view pem);
Result<PrivateSeed> parse_private_pem(std::string_view pem);

}  // namespace waag::certificate
