#include "protocol/certificate/ed25519.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::certificate;

namespace {

struct Vector {
  std::string seed, key, message, signature;
};

/// RFC 8032 section 7.1, TEST 1 to 3.
const Vector vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

}  // namespace

TEST_CASE("ed25519: the vectors of RFC 8032", "[protocol][ed25519]") {
  for (const auto& vector : vectors) {
    CAPTURE(vector.seed);
    const auto seed = *PrivateSeed::parse(vector.seed);
    const auto key = *PublicKey::parse(vector.key);
    const auto signature = *Signature::parse(vector.signature);
    Bytes message(vector.message.size() / 2);
    REQUIRE(from_hex(vector.message, message));
    CHECK(public_key_of(seed) == key);
    CHECK(sign(seed, message).hex() == vector.signature);
    CHECK(is_signed_by(key, message, signature));
    message.push_back(std::byte{0});
    CHECK_FALSE(is_signed_by(key, message, signature));
  }
}

TEST_CASE("ed25519: any bit that differs is seen", "[protocol][ed25519]") {
  const auto seed = *PrivateSeed::parse(vectors[1].seed);
  const auto key = public_key_of(seed);
  const auto message = as_bytes("certificate");
  const auto good = sign(seed, message);
  REQUIRE(is_signed_by(key, message, good));
  for (std::size_t bit = 0; bit < 8 * Signature::size_bytes; ++bit) {
    CAPTURE(bit);
    auto signature = good;
    signature.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    CHECK_FALSE(is_signed_by(key, message, signature));
  }
  CHECK_FALSE(is_signed_by(*PublicKey::parse(vectors[0].key), message, good));
  CHECK_FALSE(is_signed_by(PublicKey(), message, Signature()));
}

TEST_CASE("ed25519: keys in PEM form", "[protocol][ed25519]") {
  const auto seed = *PrivateSeed::parse(vectors[0].seed);
  const auto key = public_key_of(seed);
  // As openssl pkey writes them (RFC 8410 section 10 has the same form).
  CHECK(to_pem(key) ==
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n");
  CHECK(to_pem(seed) ==
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n");
  CHECK(*parse_public_pem(to_pem(key)) == key);
  CHECK(*parse_private_pem(to_pem(seed)) == seed);
  CHECK(*parse_public_pem("# a comment\n" + to_pem(key)) == key);
}

TEST_CASE("ed25519: what is no such key", "[protocol][ed25519]") {
  const auto seed = *PrivateSeed::parse(vectors[0].seed);
  const auto pem = to_pem(public_key_of(seed));
  const std::string of_another_kind =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"  // X25519
      "-----END PUBLIC KEY-----\n";
  const std::string encrypted =
      "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
      "00112233445566778899AABBCCDDEEFF\n\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n";
  for (const auto& text : {std::string(), std::string("key"), pem.substr(0, 60), to_pem(seed),
                           of_another_kind, std::string(5000, ' ') + pem}) {
    CAPTURE(text);
    const auto parsed = parse_public_pem(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Errc::invalid_argument);
  }
  CHECK_FALSE(parse_private_pem(pem));
  CHECK_FALSE(parse_private_pem(encrypted));
}
