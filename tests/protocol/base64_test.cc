#include "protocol/base64.h"

#include <catch2/catch.hpp>

using namespace waag;

TEST_CASE("base64: RFC 4648 vectors both ways", "[protocol][base64]") {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    CHECK(encode_base64(bytes) == text);
    CHECK(*decode_base64(text) == bytes);
  }
}

TEST_CASE("base64: every byte, every split", "[protocol][base64]") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const auto text = encode_base64(bytes);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Base64Decoder decoder;
    std::string out;
    REQUIRE(decoder.feed(std::string_view(text).substr(0, cut), out));
    REQUIRE(decoder.feed(std::string_view(text).substr(cut), out));
    CHECK(decoder.finish());
    CHECK(out == bytes);
  }
  CHECK(*decode_base64("Zm9v\r\nYg==\n") == "foob");
}

TEST_CASE("base64: malformed", "[protocol][base64]") {
  const auto text = GENERATE("Z", "Zg", "Zg=", "Zm8", "Zg===", "Zg==Zg==", "=",
                             "====", "Z===", "Zh==", "Zm9=", "Zg=a", "Zm 9v", "Zm-_", "Zm9v!",
                             "Zm9\xC3", "Zg==x", "Zm9v=");
  CAPTURE(text);
  CHECK_FALSE(decode_base64(text));
}
