#include "daemon/convert/validation/certify.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;

TEST_CASE("certify: what a certificate says", "[daemon][convert]") {
  CertificateFacts facts;
  const auto hash = *BlobId::parse(std::string(64, 'd'));
  facts.source_files = {{"model.safetensors", hash, 5}, {"imatrix.dat", hash, 6}};
  facts.text.id = "waag-evaluation-1";
  facts.text.tokens = 64;
  facts.device = "cuda (H100)";
  facts.cpu = "old";
  facts.time = std::chrono::milliseconds(5);
  ConvertSpec spec;
  spec.source = {RepoType::model, "ada", "tiny"};
  spec.options.via = "direct";
  spec.options.imatrix = "imatrix.dat";
  TargetValidation result;
  result.blocks = {0.5};
  result.verdict = certificate::Verdict::warn;
  result.reasons = {"lost"};
  const auto made = certificate_of(facts, spec, "gguf:Q4_K_M", result);
  CHECK(made.source_repo == "ada/tiny");
  CHECK(made.source_files.size() == 2);
  CHECK(made.target == "gguf:Q4_K_M");
  CHECK(made.imatrix == hash);
  CHECK(made.tool_name == "waag-convert");
  CHECK(made.via == "direct");
  CHECK(made.text_id == "waag-evaluation-1");
  CHECK(made.blocks == result.blocks);
  CHECK(made.verdict == certificate::Verdict::warn);
  CHECK(made.reasons == result.reasons);
  CHECK(made.device == "cuda (H100)");
  CHECK(made.time == facts.time);
  CHECK_FALSE(certificate_of(facts, spec, "safetensors:int8", result).imatrix);
}

TEST_CASE("certify: hashes of small files are made, of others known", "[daemon][convert]") {
  const testing::TempFolder folder;
  const std::string text(3'000'000, 'x');
  std::ofstream(folder.path() / "vocab.json") << text;
  storage::TreeEntry small, large;
  small.path = "vocab.json";
  small.size_bytes = text.size();
  large.path = "model.safetensors";
  large.size_bytes = 7;
  large.lfs.emplace();
  large.lfs->id = *BlobId::parse(std::string(64, 'e'));
  const auto files = certified_files(folder.path(), {small, large});
  REQUIRE(files);
  REQUIRE(files->size() == 2);
  CHECK(files->at(0) == certificate::File{"vocab.json", sha256(as_bytes(text)), text.size()});
  CHECK(files->at(1).sha256 == large.lfs->id);
  small.size_bytes = 1;
  CHECK_FALSE(certified_files(folder.path(), {small}));
  small.path = "absent";
  CHECK_FALSE(certified_files(folder.path(), {small}));
}

TEST_CASE("certify: the processor's name", "[daemon][convert]") {
  const testing::TempFolder folder;
  const auto named = [&](const std::string& text) {
    std::ofstream(folder.path() / "cpuinfo") << text;
    return cpu_name(folder.path() / "cpuinfo");
  };
  CHECK(named("processor\t: 0\nmodel name\t: A CPU\tX\n") == "A CPU X");
  CHECK(named("processor\t: 0\n") == "unknown");
  CHECK(named("model name\t: \xff\n") == "unknown");
  CHECK(cpu_name(folder.path() / "absent") == "unknown");
  CHECK_FALSE(cpu_name().empty());
}
