#include "daemon/auth/token.h"

#include <regex>
#include <set>

#include <catch2/catch.hpp>

#include "protocol/base64.h"
#include "tests/support/store_workload.h"

using namespace waag;
using namespace waag::daemon;

TEST_CASE("token: shape, and what llama.cpp forwards", "[daemon][token]") {
  testing::SeededRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const auto token = mint_token(random);
    CHECK(std::regex_match(token.text, std::regex("hf_[A-Za-z0-9]{34,253}")));
    CHECK(seen.insert(token.text).second);
    const auto parts = parse_token(token.text);
    REQUIRE(parts);
    CHECK(parts->public_id == token.parts.public_id);
    CHECK(parts->secret_sha256 == token.parts.secret_sha256);
  }
}

TEST_CASE("token: one changed character ends it", "[daemon][token]") {
  testing::SeededRandom random(2);
  const auto token = mint_token(random).text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    CAPTURE(i);
    CHECK_FALSE(parse_token(changed));
  }
  CHECK_FALSE(parse_token(token.substr(0, token.size() - 1)));
  CHECK_FALSE(parse_token(token + "a"));
  CHECK_FALSE(parse_token(""));
  CHECK_FALSE(parse_token("hf_" + std::string(61, '-')));
}

TEST_CASE("token: from an Authorization header", "[daemon][token]") {
  CHECK(token_of("Bearer hf_abc") == "hf_abc");
  CHECK(token_of("bearer   hf_abc") == "hf_abc");
  CHECK(token_of("Basic " + encode_base64("any:hf_abc")) == "hf_abc");
  CHECK(token_of("Basic " + encode_base64("hf_abc:")) == "hf_abc");
  CHECK(token_of("Basic " + encode_base64("a:b:c")) == "b:c");
  CHECK_FALSE(token_of("Basic " + encode_base64("no colon")));
  CHECK_FALSE(token_of("Basic ***"));
  CHECK_FALSE(token_of("Digest hf_abc"));
  CHECK_FALSE(token_of("hf_abc"));
  CHECK_FALSE(token_of("Bearer "));
  CHECK_FALSE(token_of(""));
}
