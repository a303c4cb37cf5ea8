#include "daemon/convert/validation/certificate_files.h"

#include <filesystem>
#include <fstream>

#include "tests/daemon/convert/converter_fixture.h"
#include "tests/protocol/certificate/sample.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::ConverterFixture;

namespace {

constexpr const char* validated = R"(,"validate":true)";

struct Hub : ConverterFixture {
  Hub() { make_source("good"); }
  bool has(const std::string& path, const std::string& repo = "ada/tiny-GGUF") {
    return get("/" + repo + "/resolve/main/" + path, ada).status == 200;
  }
  std::size_t commits() {
    return get("/api/models/ada/tiny-GGUF/commits/main", ada).json().as_array().size();
  }
  std::string made(const std::string& path) { return file("ada/tiny-GGUF", path); }
  void done(const std::string& targets, const std::string& more = "") {
    const auto row = convert(targets, more);
    INFO(row.error);
    REQUIRE(row.state == JobState::done);
  }
};

}  // namespace

TEST_CASE_METHOD(Hub, "certificate files: the same once more is no commit", "[daemon][convert]") {
  done(R"("gguf:F16")", validated);
  const auto before = made("certificates/F16.json");
  done(R"("gguf:F16")", validated);
  CHECK(commits() == 2);
  CHECK(made("certificates/F16.json") == before);
  // One that lacks its signature is made anew.
  committed("ada/tiny-GGUF", R"({"key":"deletedFile","value":{"path":"certificates/F16.json.sig"}})"
                             "\n");
  done(R"("gguf:F16")", validated);
  CHECK(commits() == 4);
  CHECK(has("certificates/F16.json.sig"));
}

TEST_CASE_METHOD(Hub, "certificate files: without a validation the same files keep theirs",
                 "[daemon][convert]") {
  done(R"("gguf:F16")", validated);
  done(R"("gguf:F16","gguf:Q8_0")");
  CHECK(has("certificates/F16.json"));
  CHECK_FALSE(has("certificates/Q8_0.json"));
  CHECK(made("README.md").find("| gguf:F16 | pass |") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "certificate files: weights that change lose theirs", "[daemon][convert]") {
  make_repo("ada/tiny-GGUF");
  committed("ada/tiny-GGUF", file_line("certificates/notes.json", "mine") +
                                 file_line("certificates/Q8_0.json", "mine, too"));
  done(R"("gguf:F16")", validated);
  CHECK(has("certificates/F16.json"));
  done(R"("gguf:F16")", R"(,"split_bytes":1000000)");
  CHECK_FALSE(has("certificates/F16.json"));
  CHECK_FALSE(has("certificates/F16.json.sig"));
  CHECK(made("README.md").find("## Validation") == std::string::npos);
  // A person's files stay, but for the name of one that comes.
  CHECK(made("certificates/notes.json") == "mine");
  CHECK(made("certificates/Q8_0.json") == "mine, too");
  done(R"("gguf:Q8_0")", validated);
  CHECK(certificate::parse_certificate(made("certificates/Q8_0.json")));
  CHECK(made("certificates/notes.json") == "mine");
}

TEST_CASE_METHOD(Hub, "certificate files: of one model in safetensors", "[daemon][convert]") {
  done(R"("safetensors:fp8-dynamic")", validated);
  CHECK(has("certificates/fp8-dynamic.json", "ada/tiny-FP8"));
  committed("ada/tiny", file_line("config.json", R"({\"fake\":\"other_weights\"})"));
  done(R"("safetensors:fp8-block")", validated);
  CHECK(has("certificates/fp8-block.json", "ada/tiny-FP8"));
  CHECK_FALSE(has("certificates/fp8-dynamic.json", "ada/tiny-FP8"));
  CHECK_FALSE(has("certificates/fp8-dynamic.json.sig", "ada/tiny-FP8"));
}

TEST_CASE_METHOD(Hub, "certificate files: a small file that changes costs it, too",
                 "[daemon][convert]") {
  done(R"("safetensors:fp8-dynamic")", validated);
  const auto path = "certificates/fp8-dynamic.json";
  REQUIRE(has(path, "ada/tiny-FP8"));
  done(R"("safetensors:fp8-dynamic")");
  CHECK(has(path, "ada/tiny-FP8"));
  const auto named = certificate::parse_certificate(file("ada/tiny-FP8", path));
  REQUIRE(named);
  REQUIRE(named->output_files.back().path == "config.json");
  // The weights stay as they are.
  committed("ada/tiny-FP8", file_line("config.json", "{}"));
  done(R"("safetensors:fp8-dynamic")");
  CHECK_FALSE(has(path, "ada/tiny-FP8"));
}

TEST_CASE_METHOD(Hub, "certificate files: a key that is damaged", "[daemon][convert]") {
  const auto path = std::filesystem::path(config.store.data) / HubKey::file_name;
  std::ofstream(path) << "nonsense";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const auto row = convert(R"("gguf:F16")", validated);
  CHECK(row.state == JobState::failed);
  CHECK(row.error.find("hub.key is damaged") != std::string::npos);
  CHECK_FALSE(has("tiny-F16.gguf"));
  // Who wants no certificate does not need it, also where there are some.
  make_repo("ada/tiny-GGUF");
  committed("ada/tiny-GGUF", file_line("certificates/Q8_0.json", "mine"));
  done(R"("gguf:F16")");
  CHECK(made("certificates/Q8_0.json") == "mine");
}

TEST_CASE_METHOD(Hub, "certificate files: a large one is an LFS file, and found again",
                 "[daemon][convert]") {
  auto made = certificate::testing::sample_certificate();
  made.target = "gguf:F16";
  const auto tensor = made.tensors.front();
  made.tensors.clear();
  for (int i = 0; i < 70'000; ++i) {
    made.tensors.push_back(tensor);
    made.tensors.back().name = "blk." + std::to_string(i);
  }
  std::vector<storage::TreeEntry> before;
  const auto put = [&] {
    std::vector<storage::Change> changes;
    const auto area = store->staging_area();
    auto certificates = CertificateFiles::open(*store, before, *app->hub_key);
    REQUIRE(certificates.put(made, *area, changes));
    return changes;
  };
  const auto changes = put();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].kind == storage::Change::Kind::put_lfs);
  CHECK(changes[0].path == "certificates/F16.json");
  CHECK(changes[1].kind == storage::Change::Kind::put_file);
  CHECK(changes[1].path == "certificates/F16.json.sig");
  // In a tree, it is what the repo has.
  make_repo("ada/tiny-GGUF");
  const auto uid = store->find_repo({RepoType::model, "ada", "tiny-GGUF"})->uid;
  storage::CommitRequest commit;
  commit.staged = store->staging_area();
  auto certificates = CertificateFiles::open(*store, before, *app->hub_key);
  REQUIRE(certificates.put(made, *commit.staged, commit.changes));
  commit.repo_uid = uid;
  commit.ref = "refs/heads/main";
  commit.user = commit.author_name = commit.author_email = "ada";
  commit.message = "x";
  const auto done_commit = store->commit(std::move(commit));
  REQUIRE(done_commit);
  const auto snapshot = store->snapshot(uid, done_commit->commit);
  REQUIRE(snapshot);
  before = *(*snapshot)->list("", true, "", 0);
  CHECK(put().empty());
  made.time += std::chrono::seconds(1);
  CHECK(put().empty());
  made.figures.kld_mean *= 2;
  CHECK(put().size() == 2);
}
