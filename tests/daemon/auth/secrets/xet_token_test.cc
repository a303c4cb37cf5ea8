#include "daemon/auth/secrets/xet_token.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

constexpr storage::TimeMs now{1'000'000'000};
constexpr storage::TimeMs later{1'000'060'000};

}  // namespace

TEST_CASE("xet_token: what was minted comes back", "[daemon][xet_token]") {
  const auto scope = GENERATE(XetScope::read, XetScope::pull, XetScope::write);
  const std::string id = GENERATE("", "0aZ9");
  const XetGrant grant{id, 18'446'744'073'709'551'615u, scope};
  const auto text = mint_xet_token("key", grant, later);
  const auto opened = open_xet_token("key", text, now);
  REQUIRE(opened);
  CHECK(*opened == grant);
  CHECK(text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ-~") == std::string::npos);
}

TEST_CASE("xet_token: anything altered is refused", "[daemon][xet_token]") {
  const auto text = mint_xet_token("key", {"abcd", 7, XetScope::read}, later);
  CHECK_FALSE(open_xet_token("other", text, now));
  CHECK_FALSE(open_xet_token("key", text, later));
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    auto changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    const auto refused = open_xet_token("key", changed, now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unauthenticated);
    CHECK_FALSE(open_xet_token("key", text.substr(0, i), now));
    CHECK_FALSE(open_xet_token("key", text.substr(i + 1), now));
  }
}

TEST_CASE("xet_token: the generation is the key's", "[daemon][xet_token]") {
  const auto name = xet_generation("key");
  CHECK(name.size() == 11);
  CHECK(name.starts_with("g1-"));
  CHECK(name.find_first_not_of("0123456789abcdef", 3) == std::string::npos);
  CHECK(name == xet_generation("key"));
  CHECK(name != xet_generation("yek"));
}
