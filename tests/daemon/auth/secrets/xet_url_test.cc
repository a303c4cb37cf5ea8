#include "daemon/auth/secrets/xet_url.h"

#include <catch2/catch.hpp>

#include "protocol/http/url_path.h"

using namespace waag;
using namespace waag::daemon;

namespace {

constexpr storage::TimeMs now{1'000'000'000};
constexpr storage::TimeMs later{1'000'060'000};

Query query_of(const std::string& text) {
  Query query;
  const auto pairs = http::parse_query(text);
  REQUIRE(pairs);
  for (const auto& [key, value] : *pairs) query.add(key, value);
  return query;
}

XorbHash named(unsigned char byte) {
  XorbHash hash;
  hash.bytes.fill(std::byte{byte});
  return hash;
}

XetUrlGrant grant() { return {named(1), {{0, 99}, {200, 200}, {300, 67'108'863}}, 7, "abcd"}; }

}  // namespace

TEST_CASE("xet_url: what was signed comes back", "[daemon][xet_url]") {
  auto made = grant();
  const bool anonymous = GENERATE(false, true);
  if (anonymous) made.token_id.clear();
  const auto text = sign_xet_url("key", made, later);
  const auto checked = check_xet_url("key", named(1), query_of(text), now);
  REQUIRE(checked);
  CHECK(*checked == made);
}

TEST_CASE("xet_url: anything altered is refused", "[daemon][xet_url]") {
  const auto query = query_of(sign_xet_url("key", grant(), later));
  CHECK_FALSE(check_xet_url("other", named(1), query, now));
  CHECK_FALSE(check_xet_url("key", named(2), query, now));
  CHECK_FALSE(check_xet_url("key", named(1), query, later));
  CHECK_FALSE(check_xet_url("key", named(1), Query{}, now));
  for (const auto& [name, value] : query.pairs()) {
    CAPTURE(name);
    Query changed, without;
    for (const auto& [key, text] : query.pairs()) {
      auto other = text;
      if (key == name) other.back() = other.back() == '1' ? '2' : '1';
      changed.add(key, other);
      if (key != name) without.add(key, text);
    }
    const auto refused = check_xet_url("key", named(1), changed, now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::forbidden);
    CHECK_FALSE(check_xet_url("key", named(1), without, now));
  }
}

TEST_CASE("xet_url: the most ranges fit into a request line", "[daemon][xet_url]") {
  auto most = grant();
  most.ranges.assign(xet_url_ranges_max, {67'108'000, 67'108'863});
  const auto text = sign_xet_url("key", most, later);
  CHECK(text.size() < 6000);
  CHECK(check_xet_url("key", named(1), query_of(text), now));
  most.ranges.push_back({0, 0});
  CHECK_FALSE(check_xet_url("key", named(1), query_of(sign_xet_url("key", most, later)), now));
}
