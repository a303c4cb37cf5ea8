#include "daemon/convert/materialize.h"

#include <fstream>

#include "tests/daemon/jobs/jobs_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::JobsFixture;
namespace fs = std::filesystem;

namespace {

struct Materials : JobsFixture {
  std::uint64_t uid = make_repo("tiny");
  std::string large = waag::testing::noise(3, 9u << 20);
  CommitId head;
  fs::path target = folder.path() / "in";
  std::stop_source stop;

  Materials() { head = commit(uid, {put("sub/config.json", "{}"), put_lfs("w.bin", large)}); }

  Status run() {
    storage::JobRow row;
    row.id = 1;
    JobContext context(std::make_shared<JobFeed>(row), stop.get_token(), job_clock, [] {});
    auto entries = snapshot(uid, head)->list("", true, "", 0);
    REQUIRE(entries);
    std::erase_if(*entries, [](const auto& one) {
      return one.type != storage::TreeEntry::Type::file || one.path == ".gitattributes";
    });
    const auto repo = store->find_repo_by_uid(uid);
    REQUIRE(repo);
    return Materializer(*store, nullptr, context, Identity{}, target).put(*repo, head, *entries);
  }
  std::string text(const std::string& path) {
    std::ifstream file(target / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

}  // namespace

TEST_CASE_METHOD(Materials, "materialize: files as they are", "[daemon][convert]") {
  REQUIRE(run());
  CHECK(text("sub/config.json") == "{}");
  CHECK(text("w.bin") == large);
  CHECK(folder_bytes(target) == large.size() + 2);
  CHECK(folder_bytes(target / "absent") == 0);
}

TEST_CASE_METHOD(Materials, "materialize: goes on where it was", "[daemon][convert]") {
  fs::create_directories(target / "sub");
  std::ofstream(target / "sub" / "config.json") << "[]";  // whole, as far as anyone can tell
  std::ofstream(target / "w.bin.part") << "half";
  REQUIRE(run());
  CHECK(text("sub/config.json") == "[]");
  CHECK(text("w.bin") == large);
  CHECK_FALSE(fs::exists(target / "w.bin.part"));
}

TEST_CASE_METHOD(Materials, "materialize: told to stop", "[daemon][convert]") {
  stop.request_stop();
  CHECK(run().error().code == Errc::unavailable);
}
