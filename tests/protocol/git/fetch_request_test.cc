#include "protocol/git/fetch_request.h"

#include <catch2/catch.hpp>

#include "protocol/git/pkt_line.h"

using namespace waag;
using namespace waag::git;

namespace {

const std::string a(40, 'a');
const std::string b(40, 'b');

std::string body_of(const std::vector<std::string>& lines) {
  std::string body;
  for (const auto& line : lines) {
    if (line == "0000" || line == "0001")
      body += line;
    else
      append_pkt(body, line + "\n");
  }
  return body;
}

Errc error_of(const std::vector<std::string>& lines) {
  const auto parsed = parse_fetch_v0(body_of(lines));
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

}  // namespace

TEST_CASE("fetch_request: version 0, a clone", "[protocol][git]") {
  const auto parsed = parse_fetch_v0(body_of(
      {"want " + a + " multi_ack_detailed no-done side-band-64k thin-pack no-progress include-tag",
       "want " + b, "0000", "done"}));
  REQUIRE(parsed);
  CHECK(parsed->wants == std::vector{*GitId::parse(a), *GitId::parse(b)});
  CHECK(parsed->haves.empty());
  CHECK(parsed->multi_ack_detailed);
  CHECK(parsed->no_done);
  CHECK(parsed->side_band_64k);
  CHECK(parsed->no_progress);
  CHECK(parsed->include_tag);
  CHECK(parsed->negotiates);
  CHECK(parsed->done);
}

TEST_CASE("fetch_request: version 0, a round and a depth", "[protocol][git]") {
  const auto parsed = parse_fetch_v0(
      body_of({"want " + a, "shallow " + b, "deepen 3", "filter blob:limit=2k", "0000"}));
  REQUIRE(parsed);
  CHECK_FALSE(parsed->negotiates);
  CHECK_FALSE(parsed->done);
  CHECK_FALSE(parsed->multi_ack_detailed);
  CHECK(parsed->shallow == std::vector{*CommitId::parse(b)});
  CHECK(parsed->deepen.depth == 3);
  CHECK(parsed->deepen.asked());
  CHECK(parsed->filter == BlobFilter{false, 2048});
  const auto round = parse_fetch_v0(body_of({"want " + a, "0000", "have " + b, "0000"}));
  REQUIRE(round);
  CHECK(round->negotiates);
  CHECK(round->haves == std::vector{*CommitId::parse(b)});
}

TEST_CASE("fetch_request: what is refused", "[protocol][git]") {
  CHECK(error_of({"want xyz"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a.substr(1)}) == Errc::invalid_argument);
  CHECK(error_of({"wish " + a}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "deepen 0"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "deepen -1"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "deepen 99999999999"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "filter tree:0"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "filter blob:limit=k"}) == Errc::invalid_argument);
  CHECK(error_of({"want " + a, "filter blob:limit=99999999999999999999g"}) ==
        Errc::invalid_argument);
  CHECK(error_of({"want " + a, "0001"}) == Errc::invalid_argument);
  CHECK(parse_fetch_v0("").has_value());  // nothing is wanted
}

TEST_CASE("fetch_request: version 2", "[protocol][git]") {
  const auto body = body_of(
      {"command=fetch", "agent=git/2", "object-format=sha1", "0001", "thin-pack", "include-tag",
       "ofs-delta", "wait-for-done", "deepen-since 1700000000", "deepen-not refs/tags/v1",
       "deepen-relative", "filter blob:none", "want " + a, "have " + b, "done", "0000"});
  const auto command = parse_command(body);
  REQUIRE(command);
  CHECK(command->name == "fetch");
  const auto parsed = parse_fetch_v2(command->arguments);
  REQUIRE(parsed);
  CHECK(parsed->wants.size() == 1);
  CHECK(parsed->haves.size() == 1);
  CHECK(parsed->done);
  CHECK(parsed->wait_for_done);
  CHECK(parsed->include_tag);
  CHECK(parsed->side_band_64k);
  CHECK(parsed->filter.none);
  CHECK(parsed->deepen.since == 1700000000);
  CHECK(parsed->deepen.relative);
  CHECK(parsed->deepen.not_refs == std::vector<std::string>{"refs/tags/v1"});
  CHECK_FALSE(parse_fetch_v2({"sideband-all"}));
  CHECK_FALSE(parse_command(body_of({"0000"})));
  CHECK_FALSE(parse_command(body_of({"command=fetch", "object-format=sha256", "0000"})));
}

TEST_CASE("fetch_request: ls-refs", "[protocol][git]") {
  const auto parsed =
      parse_ls_refs({"peel", "symrefs", "ref-prefix HEAD", "ref-prefix refs/heads/", "unborn"});
  REQUIRE(parsed);
  CHECK(parsed->peel);
  CHECK(parsed->symrefs);
  CHECK(parsed->prefixes == std::vector<std::string>{"HEAD", "refs/heads/"});
  const std::vector<std::string_view> many(70'000, "ref-prefix x");
  CHECK(parse_ls_refs(many)->prefixes.empty());  // too many are as good as none
}

TEST_CASE("fetch_request: what is asked of others is read back", "[protocol][git]") {
  const auto want = *GitId::parse(a);
  const auto other = *GitId::parse(b);
  const auto have = *CommitId::parse(b);
  const auto body = spell_fetch_v0({want, other}, {have}, {"side-band-64k", "no-progress"});
  CHECK(body == body_of({"want " + a + " side-band-64k no-progress", "want " + b, "0000",
                         "have " + b, "done"}));
  const auto parsed = parse_fetch_v0(body);
  REQUIRE(parsed);
  CHECK(parsed->wants == std::vector{want, other});
  CHECK(parsed->haves == std::vector{have});
  CHECK(parsed->side_band_64k);
  CHECK(parsed->no_progress);
  CHECK(parsed->done);
  CHECK(spell_fetch_v0({want}, {}, {}) == body_of({"want " + a, "0000", "done"}));
}
