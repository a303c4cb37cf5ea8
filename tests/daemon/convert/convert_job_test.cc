#include "daemon/convert/convert_job.h"

#include "tests/daemon/convert/converter_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::ConverterFixture;

namespace {

constexpr const char* all_of_it =
    R"("gguf:Q4_K_M","gguf:q8_0","safetensors:fp8-dynamic","safetensors:int8")";

std::size_t commits_of(ConverterFixture& hub, const std::string& repo) {
  return hub.get("/api/models/" + repo + "/commits/main", hub.ada).json().as_array().size();
}

}  // namespace

TEST_CASE_METHOD(ConverterFixture, "convert job: what comes of it", "[daemon][convert]") {
  make_source("good");
  const auto row = convert(all_of_it);
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(row.result.find(R"("repo":"ada/tiny-GGUF")") != std::string::npos);
  CHECK(row.result.find(R"("repo":"ada/tiny-FP8")") != std::string::npos);
  CHECK(row.result.find(R"("device":"cpu")") != std::string::npos);
  CHECK(file("ada/tiny-GGUF", "tiny-Q4_K_M.gguf").starts_with("GGUF"));
  CHECK(file("ada/tiny-GGUF", "tiny-Q8_0.gguf").starts_with("GGUF"));
  CHECK(file("ada/tiny-GGUF", "LICENSE") == "Be nice.");
  CHECK(file("ada/tiny-INT8", "model.safetensors").size() > 40);
  // The job that the converter was given.
  const auto model = file("ada/tiny-FP8", "config.json");
  CHECK(model.find(R"("license": "apache-2.0")") != std::string::npos);
  CHECK(model.find(R"("repo_url": "http://hub:8080/ada/tiny")") != std::string::npos);
  CHECK(model.find(R"("languages": ["en"])") != std::string::npos);
  const auto info = get("/api/models/ada/tiny-GGUF", ada).json();
  CHECK(info.at("cardData").at("base_model") == "ada/tiny");
  CHECK(info.at("cardData").at("base_model_relation") == "quantized");
  CHECK(info.at("cardData").at("license") == "apache-2.0");
  CHECK(info.at("private") == false);
  CHECK(commits_of(*this, "ada/tiny-GGUF") == 2);  // its first, and all files in one
  CHECK_FALSE(std::filesystem::exists(scratch(row.id)));
}

TEST_CASE_METHOD(ConverterFixture, "convert job: again, and one more type", "[daemon][convert]") {
  make_source("good");
  REQUIRE(convert(R"("gguf:Q4_K_M")").state == JobState::done);
  REQUIRE(convert(R"("gguf:Q4_K_M")").state == JobState::done);
  CHECK(commits_of(*this, "ada/tiny-GGUF") == 2);  // nothing was new
  REQUIRE(convert(R"("gguf:Q8_0")").state == JobState::done);
  const auto card_now = file("ada/tiny-GGUF", "README.md");
  CHECK(card_now.find("tiny-Q4_K_M.gguf") != std::string::npos);
  CHECK(card_now.find("tiny-Q8_0.gguf") != std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: what the converter warns of",
                 "[daemon][convert]") {
  make_source("warn");
  const auto row = convert(R"("gguf:Q4_K_M","gguf:F16")");
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(row.result.find(R"("warnings":["other tokens than they should be"])") != std::string::npos);
  const auto made = file("ada/tiny-GGUF", "README.md");
  CHECK(made.find("## Warnings\n\n- other tokens than they should be\n") != std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: by which way", "[daemon][convert]") {
  make_source("show_via");
  CHECK(convert(R"("gguf:F16")").error.find("via bf16") != std::string::npos);
  CHECK(convert(R"("gguf:F16")", R"(,"via":"direct")").error.find("via direct") !=
        std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: private stays private", "[daemon][convert]") {
  make_source("good", "ada/tiny", /*hidden=*/true);
  const auto row = convert(R"("gguf:F16","safetensors:int8")");
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  for (const auto* repo : {"ada/tiny-GGUF", "ada/tiny-INT8"}) {
    CHECK(get("/api/models/" + std::string(repo), ada).json().at("private") == true);
    CHECK(get("/api/models/" + std::string(repo), bob).status == 404);
  }
}

TEST_CASE_METHOD(ConverterFixture, "convert job: a gated one stays gated", "[daemon][convert]") {
  make_source("good");
  const auto uid = store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  storage::RepoSettings gate;
  gate.gate = storage::Gate::manual;
  REQUIRE(store->change_repo(uid, gate));
  CHECK(ask_for(R"("gguf:F16")", "", bob).status == 403);
  REQUIRE(convert(R"("gguf:F16")").state == JobState::done);
  const auto made = store->find_repo({RepoType::model, "ada", "tiny-GGUF"});
  REQUIRE(made);
  CHECK(made->gate == storage::Gate::manual);
  CHECK(made->visibility == storage::Visibility::open);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: what fails for good", "[daemon][convert]") {
  const auto [mode, said] = GENERATE(table<const char*, const char*>(
      {{"refuse", "SomeNewModel is an architecture that is not known"},
       {"crash", "crashed by signal 11: about to fall"},
       {"garbage", "said what it must not"},
       {"bad_spec", "does not take the job"},
       {"wrong_sha", ""},
       {"wrong_size", "bytes, not"},
       {"escape", "said what it must not"},
       {"bad_header", "tiny-F16.gguf"},
       {"link", "tiny-F16.gguf"},
       {"not_done", "ended before it was done"}}));
  CAPTURE(mode);
  make_source(mode);
  const auto row = convert(R"("gguf:F16")");
  INFO(row.error);
  CHECK(row.state == JobState::failed);
  CHECK(row.attempts == 1);
  CHECK(row.error.find(said) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(scratch(row.id)));
  // Nothing of it is to be had.
  CHECK(get("/ada/tiny-GGUF/resolve/main/tiny-F16.gguf", ada).status == 404);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: a full disk is tried again", "[daemon][convert]") {
  make_source("full_once");
  const auto row = convert(R"("gguf:F16")");
  INFO(row.error);
  CHECK(row.state == JobState::done);
  CHECK(row.attempts == 2);
  CHECK(file("ada/tiny-GGUF", "tiny-F16.gguf").starts_with("GGUF"));
}

TEST_CASE_METHOD(ConverterFixture, "convert job: cancelled while it hangs", "[daemon][convert]") {
  make_source("hang");
  const auto id = submit(R"("gguf:F32")");
  wait_for_progress(id);
  CHECK(std::filesystem::exists(scratch(id) / "in" / "model.safetensors"));
  CHECK_FALSE(std::filesystem::exists(scratch(id) / "in" / "notes"));
  const auto path = "/api/waag/v1/jobs/" + std::to_string(id);
  CHECK(ask({"DELETE", path, ada, "", "", nullptr}).status == 200);
  CHECK(ended(id).state == JobState::cancelled);
  CHECK_FALSE(std::filesystem::exists(scratch(id)));
}

TEST_CASE_METHOD(ConverterFixture, "convert job: one at a time has the device",
                 "[daemon][convert]") {
  end();
  config.convert.jobs_max = 2;
  begin();
  make_source("hang");
  make_source("device", "ada/other");
  const auto device_told = [this] {
    const auto reply = ask_for(R"("gguf:F16")", "", "", "ada/other");
    REQUIRE(reply.status == 202);
    const auto row = ended(static_cast<std::uint64_t>(reply.json().at("id").as_int64()));
    return row.progress.note + "; " + row.error;
  };
  CHECK(device_told().find("told auto") != std::string::npos);
  const auto first = submit(R"("gguf:F32")");
  wait_for_progress(first);
  const auto while_taken = device_told();
  CHECK(while_taken.find("told cpu") != std::string::npos);
  CHECK(while_taken.find("the device works for another job") != std::string::npos);
  const auto path = "/api/waag/v1/jobs/" + std::to_string(first);
  CHECK(ask({"DELETE", path, ada, "", "", nullptr}).status == 200);
  CHECK(ended(first).state == JobState::cancelled);
  CHECK(device_told().find("told auto") != std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: where it must be the device, they take turns",
                 "[daemon][convert]") {
  end();
  config.convert.jobs_max = 2;
  config.convert.device = "cuda";
  begin();
  make_source("hang");
  make_source("device", "ada/other");
  const auto first = submit(R"("gguf:F32")");
  wait_for_progress(first);
  const auto reply = ask_for(R"("gguf:F16")", "", "", "ada/other");
  REQUIRE(reply.status == 202);
  const auto second = static_cast<std::uint64_t>(reply.json().at("id").as_int64());
  CHECK(app->jobs->find(second)->state == JobState::queued);
  const auto path = "/api/waag/v1/jobs/" + std::to_string(first);
  CHECK(ask({"DELETE", path, ada, "", "", nullptr}).status == 200);
  CHECK(ended(second).error.find("told cuda") != std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: a restart goes on", "[daemon][convert]") {
  make_source("hang_once");
  const auto id = submit(R"("gguf:F32")");
  wait_for_progress(id);
  std::filesystem::create_directories(scratch(999));  // of a job that nobody knows
  end();
  CHECK(std::filesystem::exists(scratch(id) / "out" / "marker"));
  begin();
  CHECK_FALSE(std::filesystem::exists(scratch(999)));
  const auto row = ended(id);
  INFO(row.error);
  CHECK(row.state == JobState::done);
  CHECK_FALSE(std::filesystem::exists(scratch(id)));
}

TEST_CASE_METHOD(ConverterFixture, "convert job: rights that go meanwhile", "[daemon][convert]") {
  make_source("hang_once");
  const auto id = submit(R"("gguf:F32")");
  wait_for_progress(id);
  end();
  const auto token = parse_token(ada)->public_id;
  REQUIRE(store->delete_token(token));
  begin();
  const auto row = ended(id);
  CHECK(row.state == JobState::failed);
  CHECK(row.error.find("not valid any more") != std::string::npos);
}

TEST_CASE_METHOD(ConverterFixture, "convert job: no converter, no weights, no room",
                 "[daemon][convert]") {
  make_source("good");
  make_repo("ada/empty");
  const auto empty = ask_for(R"("gguf:F16")", "", "", "ada/empty");
  REQUIRE(empty.status == 202);
  const auto none = ended(static_cast<std::uint64_t>(empty.json().at("id").as_int64()));
  CHECK(none.error == "There are no weights (*.safetensors or *.bin) there");
  config.store.reserve_bytes = 1ull << 60;
  CHECK(convert(R"("gguf:F16")").error.find("bytes on disk") != std::string::npos);
  config.store.reserve_bytes = 0;
  config.convert.program = (folder.path() / "absent").string();
  CHECK(convert(R"("gguf:F16")").error.find("there is no converter") != std::string::npos);
}
