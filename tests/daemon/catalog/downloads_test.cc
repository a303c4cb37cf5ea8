#include "daemon/catalog/downloads.h"

#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::testing::StoreFixture;

namespace {

storage::RepoRow repo_of(std::uint64_t uid, RepoType type = RepoType::model) {
  storage::RepoRow row;
  row.uid = uid;
  row.id = {type, "acme", "tiny"};
  return row;
}

}  // namespace

TEST_CASE("downloads: which files of a model count", "[daemon][catalog]") {
  const auto path = GENERATE("config.json", "adapter_config.json", "model_index.json",
                             "x.Q4_K_M.gguf", "x-00001-of-00003.gguf", "sub/x.gguf");
  CHECK(is_query_file(path));
  const auto other = GENERATE("README.md", "unet/config.json", "x-00002-of-00003.gguf",
                              "model.safetensors", "", "config.json.bak");
  CHECK_FALSE(is_query_file(other));
}

TEST_CASE("downloads: counted, written behind the work, kept", "[daemon][catalog]") {
  StoreFixture fixture;
  const auto uid = fixture.make_repo("tiny");
  {
    Downloads downloads(*fixture.store, fixture.clock);
    CHECK(downloads.of(uid).all_time == 0);
    for (int i = 0; i < 3; ++i) downloads.served(repo_of(uid), "config.json", "ann");
    downloads.served(repo_of(uid), "README.md", "ann");
    CHECK(downloads.of(uid).recent == 3);
    CHECK(downloads.take_changed() == std::vector<std::uint64_t>{uid});
    CHECK(downloads.take_changed().empty());
    REQUIRE(downloads.flush());
  }
  Downloads again(*fixture.store, fixture.clock);
  CHECK(again.of(uid).all_time == 3);
  fixture.clock.advance(std::chrono::hours(24 * 31));
  CHECK(again.of(uid).recent == 0);
  CHECK(again.of(uid).all_time == 3);
}

TEST_CASE("downloads: a row is written once in a while, not per download", "[daemon][catalog]") {
  StoreFixture fixture;
  const auto uid = fixture.make_repo("tiny");
  Downloads downloads(*fixture.store, fixture.clock);
  const auto written = [&]() -> std::uint64_t {
    const auto value = fixture.store->downloads().find(uid);
    REQUIRE(value);
    return *value ? storage::decode_downloads(**value)->all_time : 0;
  };
  const auto serve = [&] { downloads.served(repo_of(uid), "config.json", "ann"); };
  serve();  // the first one writes
  const auto first = written();
  for (int i = 0; i < 100; ++i) serve();
  CHECK(written() == first);
  fixture.clock.advance(Downloads::flush_every);
  serve();
  CHECK(written() == 102);
}

TEST_CASE("downloads: of a dataset any file, each visitor once", "[daemon][catalog]") {
  StoreFixture fixture;
  const auto uid = fixture.make_repo("tiny");
  Downloads downloads(*fixture.store, fixture.clock);
  const auto serve = [&](const char* path, const char* caller) {
    downloads.served(repo_of(uid, RepoType::dataset), path, caller);
  };
  serve("a.parquet", "ann");
  serve("b.parquet", "ann");
  CHECK(downloads.of(uid).recent == 1);
  serve("b.parquet", "10.0.0.1");
  CHECK(downloads.of(uid).recent == 2);
  fixture.clock.advance(Downloads::one_visit);
  serve("a.parquet", "ann");
  CHECK(downloads.of(uid).recent == 3);
  downloads.served(repo_of(uid, RepoType::space), "config.json", "ann");
  CHECK(downloads.of(uid).recent == 3);
}

TEST_CASE("downloads: rows of repos that went are not written", "[daemon][catalog]") {
  StoreFixture fixture;
  const auto uid = fixture.make_repo("tiny");
  Downloads downloads(*fixture.store, fixture.clock);
  downloads.served(repo_of(uid), "config.json", "ann");
  downloads.served(repo_of(uid), "config.json", "ann");
  REQUIRE(fixture.store->delete_repo(uid, "ann"));
  REQUIRE(downloads.flush());
  CHECK_FALSE(*fixture.store->downloads().find(uid));
  downloads.forget(uid);
  CHECK(downloads.of(uid).all_time == 0);
}
