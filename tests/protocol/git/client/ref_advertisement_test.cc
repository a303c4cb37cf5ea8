#include "protocol/git/client/ref_advertisement.h"

#include <catch2/catch.hpp>

#include "protocol/git/pkt_line.h"

using namespace waag;
using namespace waag::git;

namespace {

const std::string zero(40, '0');
const std::string a(40, 'a');
const std::string b(40, 'b');
const std::string c(40, 'c');
const std::string capabilities =
    std::string(1, '\0') + " side-band-64k ofs-delta symref=HEAD:refs/heads/main agent=git/2.39.5";

std::string body_of(const std::vector<std::string>& lines) {
  std::string body;
  append_pkt(body, "# service=git-upload-pack\n");
  body += pkt_flush;
  for (const auto& line : lines) append_pkt(body, line + "\n");
  return body + std::string(pkt_flush);
}

std::string error_of(const std::string& body) {
  const auto parsed = parse_ref_advertisement(body);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::upstream_failed);
  return parsed.error().what;
}

const std::vector<std::string> whole = {a + " HEAD" + capabilities, a + " refs/heads/main",
                                        b + " refs/pr/1", c + " refs/tags/v1",
                                        a + " refs/tags/v1^{}"};

}  // namespace

TEST_CASE("ref_advertisement: refs, peeled tags, HEAD", "[protocol][git]") {
  const auto parsed = parse_ref_advertisement(body_of(whole));
  REQUIRE(parsed);
  CHECK(parsed->head == "refs/heads/main");
  CHECK(parsed->can("side-band-64k"));
  CHECK(parsed->can("agent=git/2.39.5"));
  CHECK_FALSE(parsed->can("side-band"));
  REQUIRE(parsed->refs.size() == 3);
  CHECK(parsed->refs[0].name == "refs/heads/main");
  CHECK(parsed->refs[0].id.hex() == a);
  CHECK(parsed->refs[0].peeled.is_zero());
  CHECK(parsed->refs[1].name == "refs/pr/1");
  CHECK(parsed->refs[2].id.hex() == c);
  CHECK(parsed->refs[2].peeled.hex() == a);
}

TEST_CASE("ref_advertisement: repositories without refs", "[protocol][git]") {
  const auto empty = parse_ref_advertisement(body_of({zero + " capabilities^{}" + capabilities}));
  REQUIRE(empty);
  CHECK(empty->refs.empty());
  CHECK(empty->can("ofs-delta"));
  const auto older = parse_ref_advertisement(body_of({}));
  REQUIRE(older);
  CHECK(older->refs.empty());
  error_of(body_of({zero + " capabilities^{}" + capabilities, a + " refs/heads/main"}));
}

TEST_CASE("ref_advertisement: cut at every byte", "[protocol][git]") {
  const auto body = body_of(whole);
  for (std::size_t bytes = 0; bytes < body.size(); ++bytes) error_of(body.substr(0, bytes));
  error_of(body + "x");
  error_of(body + std::string(pkt_flush));
}

TEST_CASE("ref_advertisement: what is refused", "[protocol][git]") {
  const auto first = a + " refs/heads/main" + capabilities;
  const auto line = GENERATE_COPY(std::string(" refs/heads/x"), a + "refs/heads/x", a + " ",
                                  zero + " refs/heads/x", std::string(40, 'g') + " refs/heads/x",
                                  a + " refs/heads/a b", a + " refs/heads/a\tb", a + " heads/x",
                                  a + " refs/heads/main", a + " refs/tags/v1^{}", "shallow " + a,
                                  std::string("version 1"), std::string(39, 'a') + " refs/heads/x");
  CAPTURE(line);
  CHECK(parse_ref_advertisement(body_of({first})).has_value());
  error_of(body_of({first, line}));
}

TEST_CASE("ref_advertisement: bad beginnings", "[protocol][git]") {
  error_of(body_of({a + " refs/heads/main"}));  // no capabilities
  const auto nul = std::string(1, '\0');
  error_of(body_of({a + " refs/heads/main" + nul + "object-format=sha256"}));
  CHECK(parse_ref_advertisement(body_of({a + " refs/heads/main" + nul + "object-format=sha1"}))
            .has_value());
  error_of("");
  error_of("<html>");
  std::string other;
  append_pkt(other, "# service=git-receive-pack\n");
  error_of(other + "00000000");
  CHECK(error_of(body_of({"ERR no such \x1b[1mrepository"})).find("says: no such ?[1mrep") !=
        std::string::npos);
}
