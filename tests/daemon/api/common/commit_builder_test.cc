#include "daemon/api/common/commit_builder.h"

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::Change;
using waag::daemon::testing::HubFixture;

TEST_CASE("commit_builder: changes in the order of the lines", "[daemon][commit_builder]") {
  HubFixture hub;
  const std::string body = R"({"key":"header","value":{"summary":"S","description":"D"}})"
                           "\n" +
                           HubFixture::file_line("a", "text") +
                           HubFixture::lfs_line("w.bin", "big") +
                           R"({"key":"deletedFile","value":{"path":"old"}})"
                           "\n"
                           R"({"key":"deletedFolder","value":{"path":"dir"}})";
  const auto piece = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{10'000});
  CommitBuilder builder(*hub.store);
  for (std::size_t at = 0; at < body.size(); at += piece)
    REQUIRE(builder.feed(as_bytes(std::string_view(body).substr(at, piece))));
  REQUIRE(builder.finish());
  CHECK(builder.message() == "S\n\nD");
  CHECK(builder.payload() == sha256(as_bytes(body)));
  const auto& changes = builder.changes();
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].kind == Change::Kind::put_file);
  // printf text | git hash-object --stdin
  CHECK(changes[0].blob.hex() == "f3a34851d44d6b97c90fbb99dd3d18c261b9a237");
  CHECK(changes[1].kind == Change::Kind::put_lfs);
  CHECK(changes[1].lfs == HubFixture::oid("big"));
  CHECK(changes[1].lfs_size == 3);
  CHECK(changes[2].kind == Change::Kind::remove_file);
  CHECK(changes[3].kind == Change::Kind::remove_folder);
  CHECK(changes[3].path == "dir");
}

TEST_CASE("commit_builder: errors of the parser and of an early end", "[daemon][commit_builder]") {
  HubFixture hub;
  CommitBuilder bad(*hub.store);
  CHECK_FALSE(bad.feed(as_bytes("nonsense\n")));
  CommitBuilder empty(*hub.store);
  CHECK_FALSE(empty.finish());
  CommitBuilder cut(*hub.store);
  REQUIRE(cut.feed(
      as_bytes(HubFixture::header_line("s") + R"({"key":"file","value":{"path":"a","con)")));
  CHECK_FALSE(cut.finish());
}
