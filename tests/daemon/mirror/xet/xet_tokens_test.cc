#include "daemon/mirror/xet/xet_tokens.h"

#include <thread>

#include "tests/daemon/mirror/xet/xet_hub.h"

namespace waag::daemon::testing {
namespace {

using namespace std::chrono_literals;

struct TokensFixture : XetFixture {
  Result<XetToken> get(char of = '5') {
    auto id = commit.hex();
    id[0] = of;
    return services->tokens.get(*hub, repo, *CommitId::parse(id), single_call(5s));
  }
  std::string token(char of = '5') {
    const auto got = get(of);
    if (!got) FAIL(got.error().what);
    return got->token.reveal();
  }
};

}  // namespace

TEST_CASE("xet_tokens: what is a token", "[mirror][xet_tokens]") {
  const auto read = parse_xet_token(
      R"({"casUrl":"https://cas.example/x/","accessToken":"abc","exp":1700000000})");
  REQUIRE(read);
  CHECK(read->cas_url == "https://cas.example/x");
  CHECK(read->token.reveal() == "abc");
  CHECK(read->expires == 1700000000s);
  const auto bad = GENERATE("", "null", "[]", "{}", R"({"casUrl":"https://c","accessToken":"abc"})",
                            R"({"casUrl":"https://c","exp":1})", R"({"accessToken":"abc","exp":1})",
                            R"({"casUrl":"c","accessToken":"abc","exp":1})",
                            R"({"casUrl":"https://u:p@c","accessToken":"abc","exp":1})",
                            R"({"casUrl":"https://c/?a=b","accessToken":"abc","exp":1})",
                            R"({"casUrl":"https://c","accessToken":"","exp":1})",
                            R"({"casUrl":"https://c","accessToken":"a\r\nb","exp":1})",
                            R"({"casUrl":"https://c","accessToken":"abc","exp":-1})",
                            R"({"casUrl":"https://c","accessToken":"abc","exp":99999999999999})");
  CAPTURE(bad);
  CHECK(failed(parse_xet_token(bad), Errc::upstream_failed));
}

TEST_CASE_METHOD(TokensFixture, "xet_tokens: one serves a commit until shortly before its end",
                 "[mirror][xet_tokens]") {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now());
  upstream.token_expires_s = static_cast<std::uint64_t>(now.count()) + 100;
  CHECK_FALSE(services->tokens.has_given(*hub));
  CHECK(token() == "xet-1");
  CHECK(token() == "xet-1");
  CHECK(services->tokens.has_given(*hub));
  CHECK(token('6') == "xet-2");
  CHECK(upstream.last_header("/xet-read-token/", "Authorization") == "Bearer hf_secret");
  clock.advance(69s);
  CHECK(token() == "xet-1");
  clock.advance(2s);
  CHECK(token() == "xet-3");
  services->tokens.forget(*hub, repo, commit);
  CHECK(token() == "xet-4");
}

TEST_CASE_METHOD(TokensFixture, "xet_tokens: a refusal is the caller's, and not asked for twice",
                 "[mirror][xet_tokens]") {
  std::atomic<bool> second_comes{false};
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest&) {
    while (!second_comes) peer.pause(1ms);
    peer.pause(500ms);  // it has still to begin to wait
    peer.reply("500 Oh", "", "");
    return true;
  });
  std::atomic<bool> first_failed{false};
  std::thread first([&] { first_failed = !get(); });
  const bool asked = upstream.server.wait_for_requests(1);
  second_comes = true;
  CHECK_FALSE(get());  // another part of the same file
  first.join();
  CHECK(first_failed);
  CHECK(asked);
  CHECK(upstream.server.requests().size() == 1);
  CHECK_FALSE(get());  // another file, later
  CHECK(upstream.server.requests().size() == 2);
  upstream.go_wrong({});
}

}  // namespace waag::daemon::testing
