#include "daemon/auth/secrets/signed_href.h"

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "protocol/http/url_path.h"

using namespace waag;
using namespace waag::daemon;

namespace {

constexpr storage::TimeMs now{1'000'000'000};
constexpr storage::TimeMs later{1'000'060'000};

Query query_of(const std::string& href) {
  Query query;
  const auto pairs = http::parse_query(href.substr(href.find('?') + 1));
  REQUIRE(pairs);
  for (const auto& [key, value] : *pairs) query.add(key, value);
  return query;
}

HrefGrant grant() { return {"ada", 7, sha256(as_bytes("x")), 1234}; }

}  // namespace

TEST_CASE("signed_href: what was signed comes back", "[daemon][signed_href]") {
  const auto href = sign_href("key", "PUT", "/p/1", grant(), later);
  CHECK(href.starts_with("/p/1?"));
  const auto checked = check_href("key", "PUT", "/p/1", query_of(href), now);
  REQUIRE(checked);
  CHECK(checked->user == "ada");
  CHECK(checked->repo_uid == 7);
  CHECK(checked->oid == grant().oid);
  CHECK(checked->size_bytes == 1234);
}

TEST_CASE("signed_href: anything altered is refused", "[daemon][signed_href]") {
  const auto href = sign_href("key", "PUT", "/p/1", grant(), later);
  const auto query = query_of(href);
  CHECK_FALSE(check_href("other", "PUT", "/p/1", query, now));
  CHECK_FALSE(check_href("key", "GET", "/p/1", query, now));
  CHECK_FALSE(check_href("key", "PUT", "/p/2", query, now));
  CHECK_FALSE(check_href("key", "PUT", "/p/1", query, later));
  CHECK_FALSE(check_href("key", "PUT", "/p/1", Query{}, now));
  for (const auto& [name, value] : query.pairs()) {
    CAPTURE(name);
    Query changed, without;
    for (const auto& [key, text] : query.pairs()) {
      auto other = text;
      if (key == name) other.back() = other.back() == '1' ? '2' : '1';
      changed.add(key, other);
      if (key != name) without.add(key, text);
    }
    const auto refused = check_href("key", "PUT", "/p/1", changed, now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::forbidden);
    CHECK_FALSE(check_href("key", "PUT", "/p/1", without, now));
  }
}
