#include "protocol/git/push_request.h"

#include <catch2/catch.hpp>

#include "protocol/git/pkt_line.h"

using namespace waag;
using namespace waag::git;

namespace {

const std::string zero(40, '0');
const std::string a(40, 'a');
const std::string b(40, 'b');

std::string head_of(const std::vector<std::string>& lines) {
  std::string head;
  for (const auto& line : lines) append_pkt(head, line);
  return head + std::string(pkt_flush);
}

}  // namespace

TEST_CASE("push_request: commands and capabilities", "[protocol][git]") {
  const auto capabilities = std::string(1, '\0') + " report-status-v2 side-band-64k atomic quiet";
  const auto parsed =
      parse_push(head_of({"shallow " + a, zero + " " + a + " refs/heads/new" + capabilities,
                          a + " " + b + " refs/heads/moved\n", b + " " + zero + " refs/tags/v1"}));
  REQUIRE(parsed);
  CHECK(parsed->report_status);
  CHECK(parsed->side_band_64k);
  CHECK(parsed->atomic);
  CHECK(parsed->brings_pack());
  REQUIRE(parsed->commands.size() == 3);
  CHECK(parsed->commands[0].creates());
  CHECK(parsed->commands[0].name == "refs/heads/new");
  CHECK(parsed->commands[1].name == "refs/heads/moved");
  CHECK(parsed->commands[1].from.hex() == a);
  CHECK(parsed->commands[2].deletes());
}

TEST_CASE("push_request: a push that deletes, and an empty one", "[protocol][git]") {
  const auto deletes = parse_push(head_of({a + " " + zero + " refs/tags/v1"}));
  REQUIRE(deletes);
  CHECK_FALSE(deletes->brings_pack());
  CHECK_FALSE(deletes->report_status);
  const auto empty = parse_push(pkt_flush);
  REQUIRE(empty);
  CHECK(empty->commands.empty());
}

TEST_CASE("push_request: what is refused", "[protocol][git]") {
  const auto line = GENERATE(as<std::string>(), "", a, a + " " + b, a + " " + b + " ",
                             a + "x" + b + " refs/heads/x", a.substr(1) + " " + b + " refs/heads/x",
                             zero + " " + zero + " refs/heads/x");
  CAPTURE(line);
  CHECK_FALSE(parse_push(head_of({line})));
  const auto twice = a + " " + b + " refs/heads/x";
  CHECK_FALSE(parse_push(head_of({twice, twice})));
}

TEST_CASE("push_request: the report", "[protocol][git]") {
  CHECK(push_report("", {{"refs/heads/a", ""}, {"refs/heads/b", "why\nnot"}}) ==
        "000eunpack ok\n0014ok refs/heads/a\n001cng refs/heads/b why not\n0000");
  CHECK(push_report("bad pack", {}) == "0014unpack bad pack\n0000");
}
