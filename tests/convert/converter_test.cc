#include "convert/converter.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/convert/io/faulty_output_folder.h"
#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::TempFolder;

Status run(const std::filesystem::path& source, FaultyOutputFolder& output) {
  JobSpec spec;
  spec.source = source;
  spec.model.name = "M";
  TargetSpec target;
  target.type = "F16";
  target.path = "m.gguf";
  spec.targets.push_back(target);
  Progress progress([](std::string_view) {});
  return run_job(spec, output, progress);
}

}  // namespace

TEST_CASE("converter: folders that hold no model", "[convert][converter]") {
  const TempFolder folder;
  FaultyOutputFolder output;
  const auto nothing = run(folder.path(), output);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == Errc::not_found);

  std::ofstream(folder.path() / "adapter_config.json") << "{}";
  const auto adapter = run(folder.path(), output);
  REQUIRE_FALSE(adapter);
  CHECK(adapter.error().code == Errc::unprocessable);
  CHECK(adapter.error().what.find("LoRA") != std::string::npos);

  // With a config.json, it is a model with an adapter beside it.
  std::ofstream(folder.path() / "config.json") << "{}";
  const auto both = run(folder.path(), output);
  REQUIRE_FALSE(both);
  CHECK(both.error().what.find("LoRA") == std::string::npos);
  CHECK(output.files.empty());
}

TEST_CASE("converter: as many threads as it says, or as there are cores", "[convert][converter]") {
  JobSpec spec;
  CHECK(threads_of(spec) >= 1);
  spec.threads = 5;
  CHECK(threads_of(spec) == 5);
}

TEST_CASE("converter: a folder that is not there", "[convert][converter]") {
  const TempFolder folder;
  FaultyOutputFolder output;
  const auto status = run(folder.path() / "nothing", output);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::not_found);
}

}  // namespace waag::convert::testing
