#include "daemon/convert/validation/run_validation.h"

#include "daemon/auth/secrets/hub_key.h"
#include "protocol/hash.h"
#include "tests/daemon/convert/converter_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::ConverterFixture;

namespace {

constexpr const char* validated = R"(,"validate":true)";
constexpr const char* both = R"("gguf:Q4_K_M","gguf:Q8_0")";

/// With a converter that validates.
struct Hub : ConverterFixture {
  storage::JobRow run(const std::string& mode, const std::string& targets = both) {
    make_source(mode);
    return convert(targets, validated);
  }
  bool has(const std::string& path) {
    return get("/ada/tiny-GGUF/resolve/main/" + path, ada).status == 200;
  }
  std::size_t commits() {
    return get("/api/models/ada/tiny-GGUF/commits/main", ada).json().as_array().size();
  }
  /// Of a source whose validation hangs.
  std::uint64_t submit_and_wait() {
    const auto id = submit(R"("gguf:F16")", validated);
    const auto feed = app->jobs->watch(id);
    REQUIRE(feed);
    const auto end_at = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while ((*feed)->row().progress.note != "validating gguf:F16 block 1 of 2") {
      REQUIRE(std::chrono::steady_clock::now() < end_at);
      std::this_thread::yield();
    }
    return id;
  }
  boost::json::value result(const storage::JobRow& row) { return boost::json::parse(row.result); }
};

}  // namespace

TEST_CASE_METHOD(Hub, "validation run: published with what vouches for it", "[daemon][convert]") {
  const auto row = run("v_good", R"("gguf:Q4_K_M","gguf:Q8_0","safetensors:int8")");
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  const auto told = result(row).at("validation");
  REQUIRE(told.as_array().size() == 3);
  CHECK(told.at(0).at("target") == "gguf:Q4_K_M");
  CHECK(told.at(0).at("verdict") == "pass");
  CHECK(told.at(0).at("certificate") == "certificates/Q4_K_M.json");
  const auto text = file("ada/tiny-GGUF", "certificates/Q4_K_M.json");
  const auto certificate = certificate::parse_certificate(text);
  REQUIRE(certificate);
  CHECK(certificate->source_repo == "ada/tiny");
  CHECK(certificate->output_repo == "ada/tiny-GGUF");
  REQUIRE(certificate->source_files.size() == 2);
  CHECK(certificate->source_files[0].path == "model.safetensors");
  CHECK(certificate->source_files[1].path == "config.json");
  REQUIRE(certificate->output_files.size() == 1);
  const auto weights_now = file("ada/tiny-GGUF", "tiny-Q4_K_M.gguf");
  CHECK(certificate->output_files[0] ==
        certificate::File{"tiny-Q4_K_M.gguf", sha256(as_bytes(weights_now)), weights_now.size()});
  CHECK(certificate->tensors.size() == 2);
  CHECK(certificate->figures.kld_mean == 0.03);
  CHECK(certificate->blocks == std::vector<double>{0.01, 0.02});
  const auto beside = file("ada/tiny-GGUF", "certificates/Q4_K_M.json.sig");
  certificate::Signature signature;
  REQUIRE(beside.size() == signature.bytes.size());
  std::ranges::copy(as_bytes(beside), signature.bytes.begin());
  CHECK(certificate->key == *app->hub_key->public_key());
  CHECK(certificate::is_signed_by(certificate->key, as_bytes(text), signature));
  // All that vLLM loads, the weights first.
  const auto other =
      certificate::parse_certificate(file("ada/tiny-INT8", "certificates/int8.json"));
  REQUIRE(other);
  REQUIRE(other->output_files.size() == 2);
  CHECK(other->output_files[0].path == "model.safetensors");
  CHECK(other->output_files[1].path == "config.json");
  const auto card_now = file("ada/tiny-GGUF", "README.md");
  CHECK(card_now.find("| gguf:Q4_K_M | pass | 0.03 | 0.3 | 93.0 % | 0.04 | "
                      "[certificates/Q4_K_M.json](certificates/Q4_K_M.json) |") !=
        std::string::npos);
  CHECK(card_now.find("--to gguf:Q4_K_M,gguf:Q8_0 --validate\n") != std::string::npos);
  CHECK(commits() == 2);
}

TEST_CASE_METHOD(Hub, "validation run: what it is told", "[daemon][convert]") {
  config.convert.limits_factor = 1.5;
  config.convert.validate_chunks = 3;
  make_source("v_spec");
  const auto row = convert(R"("gguf:F16","safetensors:int8")",
                           std::string(validated) + R"(,"split_bytes":1000000)");
  CHECK(row.state == JobState::failed);
  const auto told = boost::json::parse(row.error);
  const auto folder_of = scratch(row.id).string();
  const auto text = [&](const boost::json::value& value) {
    return std::string(value.as_string().c_str());
  };
  CHECK(text(told.at("model")) == folder_of + "/in");
  CHECK(told.at("chunks") == 3);
  CHECK(told.at("context") == 512);
  CHECK(told.at("threads") == 2);
  CHECK(told.at("limits_factor") == 1.5);
  CHECK_FALSE(told.as_object().contains("text"));
  const auto& results = told.at("results").as_array();
  REQUIRE(results.size() == 2);
  CHECK(results[0].at("target") == "gguf:F16");
  CHECK(text(results[0].at("gguf")) == folder_of + "/out/tiny-F16-00001-of-00002.gguf");
  CHECK(text(results[1].at("folder")) == folder_of + "/out/int8");
}

TEST_CASE_METHOD(Hub, "validation run: what failed is not published", "[daemon][convert]") {
  const auto mode = GENERATE("v_fail", "v_damaged");
  const auto row = run(mode);
  CHECK(row.state == JobState::failed);
  CHECK(row.attempts == 1);
  CHECK(row.error.starts_with("gguf:Q4_K_M lost too much and is not published: mean KLD 0.5 is"));
  const auto told = result(row);
  CHECK(told.at("validation").at(0).at("verdict") == "fail");
  CHECK(told.at("validation").at(1).at("verdict") == "pass");
  CHECK(told.at("published").as_array().size() == 1);
  CHECK_FALSE(has("tiny-Q4_K_M.gguf"));
  CHECK_FALSE(has("certificates/Q4_K_M.json"));
  CHECK(has("tiny-Q8_0.gguf"));
  CHECK(has("certificates/Q8_0.json"));
  CHECK_FALSE(std::filesystem::exists(scratch(row.id)));
}

TEST_CASE_METHOD(Hub, "validation run: an earlier one stays where the new one failed",
                 "[daemon][convert]") {
  REQUIRE(run("good", R"("gguf:Q4_K_M")").state == JobState::done);
  const auto before = file("ada/tiny-GGUF", "certificates/Q4_K_M.json");
  committed("ada/tiny", file_line("config.json", R"({\"fake\":\"v_fail\"})"));
  const auto row = convert(R"("gguf:Q4_K_M")", validated);
  CHECK(row.state == JobState::failed);
  CHECK(result(row).at("published").as_array().empty());
  CHECK(file("ada/tiny-GGUF", "certificates/Q4_K_M.json") == before);
  CHECK(commits() == 2);
}

TEST_CASE_METHOD(Hub, "validation run: a warning is told", "[daemon][convert]") {
  const auto row = run("v_warn");
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(result(row).at("warnings").at(0) ==
        "gguf:Q4_K_M lost more than usual: mean KLD 0.07 is above 0.06");
  CHECK(has("tiny-Q4_K_M.gguf"));
  const auto card_now = file("ada/tiny-GGUF", "README.md");
  CHECK(card_now.find("| gguf:Q4_K_M | warn |") != std::string::npos);
  CHECK(card_now.find("- gguf:Q4\\_K\\_M: mean KLD 0.07 is above 0.06\n") != std::string::npos);
}

TEST_CASE_METHOD(Hub, "validation run: what it must not say", "[daemon][convert]") {
  const auto [mode, said] = GENERATE(table<const char*, const char*>(
      {{"v_refuse", "it cannot be validated: this model is not run: dynamic positions"},
       {"v_no_text", "something before its text"},
       {"v_unknown", "a target that nobody asked for: gguf:Q9"},
       {"v_twice", "t of gguf:Q4_K_M twice"},
       {"v_order", "something of gguf:Q4_K_M in a wrong order"},
       {"v_nan", "the validation said what it must not: "},
       {"v_null", "a verdict on gguf:Q4_K_M that nothing bears out"},
       {"v_silent", "its end without a verdict on gguf:Q4_K_M"},
       {"v_reasons", "\"reasons\" do not fit the verdict"},
       {"v_more", "something after its end"}}));
  CAPTURE(mode);
  const auto row = run(mode);
  INFO(row.error);
  CHECK(row.state == JobState::failed);
  CHECK(row.attempts == 1);
  CHECK(row.error.find(said) != std::string::npos);
  CHECK_FALSE(has("tiny-Q8_0.gguf"));
  // What can be known before is told before.
  const bool is_early = std::string(mode) == "v_refuse" || std::string(mode) == "v_no_text";
  CHECK(row.progress.note.starts_with("checking whether") == is_early);
}

TEST_CASE_METHOD(Hub, "validation run: cancelled, and after a restart", "[daemon][convert]") {
  make_source("v_hang");
  const auto first = submit_and_wait();
  const auto path = "/api/waag/v1/jobs/" + std::to_string(first);
  CHECK(ask({"DELETE", path, ada, "", "", nullptr}).status == 200);
  CHECK(ended(first).state == JobState::cancelled);
  CHECK_FALSE(std::filesystem::exists(scratch(first)));
  const auto second = submit_and_wait();
  end();
  std::ofstream(scratch(second) / "out" / "go") << "";
  begin();
  const auto row = ended(second);
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  // Converted once: the fake names its device after the runs.
  CHECK(result(row).at("device") == "cpu (1)");
  CHECK(has("certificates/F16.json"));
}

TEST_CASE_METHOD(Hub, "validation run: what is lost of a conversion is made again",
                 "[daemon][convert]") {
  make_source("v_hang");
  const auto id = submit_and_wait();
  end();
  std::filesystem::remove(scratch(id) / "out" / "tiny-F16.gguf");
  std::ofstream(scratch(id) / "out" / "go") << "";
  begin();
  const auto row = ended(id);
  INFO(row.error);
  REQUIRE(row.state == JobState::done);
  CHECK(result(row).at("device") == "cpu (2)");
}
