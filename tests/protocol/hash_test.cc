#include "protocol/hash.h"

#include <catch2/catch.hpp>

using namespace waag;

TEST_CASE("hash: published check values", "[protocol][hash]") {
  CHECK(sha256(as_bytes("")).hex() ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha1 sha1;
  sha1.update(as_bytes("ab"));
  sha1.update(as_bytes("c"));
  CHECK(sha1.finish().hex() == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
  CHECK(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))) == 0xE3069283);
  // RFC 4231 test case 2.
  CHECK(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")).hex() ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
