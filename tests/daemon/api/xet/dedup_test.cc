#include "tests/daemon/api/xet/xet_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::Reply;
using waag::daemon::testing::varied;
using waag::daemon::testing::XetHub;
using waag::daemon::testing::XetSample;

namespace {

const XetSample sample(varied(330'000, 31));

/// A file of ada's in a public and one in a private repo, and a repo of an organisation.
struct Hub : XetHub {
  Hub() {
    make_repo("open");
    make_repo("secret", /*hidden=*/true);
    make_user("carl");
    carl = make_token("carl", storage::TokenRole::write);
    REQUIRE(post("/api/repos/create", bob, R"({"name":"bobs"})").status == 200);
    bobs = token("bob/bobs", "write", bob);
  }
  std::string carl, bobs;
};

xet::Shard shard_of(const Reply& reply) {
  REQUIRE(reply.status == 200);
  const auto shard = xet::parse_shard(as_bytes(reply.body));
  REQUIRE(shard);
  return *shard;
}

}  // namespace

TEST_CASE("xet dedup: whole xorbs, hashes keyed anew each time", "[daemon][xet]") {
  Hub hub;
  hub.publish("ada/open", sample);
  const auto first = hub.query(sample.chunks[0], hub.bobs);
  const auto shard = shard_of(first);
  CHECK(shard.files.empty());
  REQUIRE(shard.xorbs.size() == 1);
  CHECK(shard.xorbs[0].hash == sample.xorb);
  REQUIRE(shard.xorbs[0].chunks.size() == sample.chunks.size());
  xet::Key key{};
  const auto footer = first.body.size() - 200;
  std::memcpy(key.data(), first.body.data() + footer + 72, key.size());
  CHECK(shard.xorbs[0].chunks[3].hash == xet::keyed_hash(sample.chunks[3], key));
  CHECK(shard_of(hub.query(sample.chunks[0], hub.bobs)).xorbs[0].chunks[3].hash !=
        shard.xorbs[0].chunks[3].hash);
  std::uint64_t expires = 0;
  std::memcpy(&expires, first.body.data() + footer + 112, sizeof(expires));
  CHECK(expires == static_cast<std::uint64_t>(hub.clock.now().count()) / 1000 + 24 * 3600);
  CHECK(hub.query(ChunkHash{}, hub.bobs).status == 404);
  CHECK(hub.get(hub.cas + "/v1/chunks/default/xyz", hub.bobs).status == 400);
}

TEST_CASE("xet dedup: only what the caller may read", "[daemon][xet]") {
  Hub hub;
  hub.publish("ada/secret", sample);
  CHECK(hub.query(sample.chunks[0], hub.bobs).status == 404);
  CHECK(hub.query(sample.chunks[0], hub.token("ada/open", "read", "")).status == 404);
  CHECK(hub.query(sample.chunks[0], hub.token("ada/open", "read", hub.ada)).status == 200);
  CHECK(hub.query(sample.chunks[0], hub.token("ada/secret", "read", hub.ada)).status == 200);
  hub.publish("ada/open", sample);
  CHECK(hub.query(sample.chunks[0], hub.bobs).status == 200);
  REQUIRE(
      hub.ask({"DELETE", "/api/repos/delete", hub.ada, R"({"name":"open"})", "", nullptr}).status ==
      200);
  CHECK(hub.query(sample.chunks[0], hub.bobs).status == 404);
}

TEST_CASE("xet dedup: what the caller uploaded and did not commit yet", "[daemon][xet]") {
  Hub hub;
  hub.send(sample, hub.token("ada/open", "write", hub.ada));
  CHECK(hub.query(sample.chunks[0], hub.token("ada/open", "write", hub.ada)).status == 200);
  CHECK(hub.query(sample.chunks[0], hub.token("ada/secret", "write", hub.ada)).status == 404);
  CHECK(hub.query(sample.chunks[0], hub.bobs).status == 404);
}

TEST_CASE("xet dedup: the scope is a setting", "[daemon][xet]") {
  Hub hub;
  hub.publish("ada/open", sample);
  const auto own = hub.token("ada/open", "write", hub.ada);
  const auto sibling = hub.token("ada/secret", "write", hub.ada);
  const auto statuses = [&](const char* scope) {
    hub.config.xet.dedup_scope = scope;
    return std::vector{hub.query(sample.chunks[0], own).status,
                       hub.query(sample.chunks[0], sibling).status,
                       hub.query(sample.chunks[0], hub.bobs).status};
  };
  CHECK(statuses("visible") == std::vector{200u, 200u, 200u});
  CHECK(statuses("org") == std::vector{200u, 200u, 404u});
  CHECK(statuses("repo") == std::vector{200u, 404u, 404u});
  CHECK(statuses("off") == std::vector{404u, 404u, 404u});
}

TEST_CASE("xet dedup: private across organisations", "[daemon][xet]") {
  Hub hub;
  hub.make_org("acme", "ada");
  hub.make_org("other", "bob");
  const auto create = [&](const std::string& org, const std::string& token) {
    return hub
        .post("/api/repos/create", token,
              R"({"name":"x","private":true,"organization":")" + org + "\"}")
        .status;
  };
  REQUIRE(create("acme", hub.ada) == 200);
  REQUIRE(create("other", hub.bob) == 200);
  hub.publish("acme/x", sample);
  CHECK(hub.query(sample.chunks[0], hub.token("other/x", "write", hub.bob)).status == 404);
  CHECK(hub.query(sample.chunks[0], hub.token("acme/x", "write", hub.ada)).status == 200);
  // A shard that names the xorb without its bytes is refused: range hashes prove knowledge.
  auto guess = sample.shard_file();
  guess.range_hashes = {ChunkHash{}};
  const auto bytes = xet::serialize_shard({{guess}, {}}, false);
  CHECK(hub.post(hub.cas + "/v1/shards", hub.token("other/x", "write", hub.bob),
                 std::string(as_text(bytes)))
            .status == 400);
}
