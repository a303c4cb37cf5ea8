#include "daemon/convert/converter_input.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

TEST_CASE("converter input: what the converter is told", "[daemon][convert]") {
  Conversion conversion;
  auto& spec = conversion.spec;
  spec.source = {RepoType::model, "ada", "tiny"};
  spec.source_url = "http://hub/ada/tiny";
  spec.outputs = {{*ConvertTarget::parse("gguf:F16"), {}},
                  {*ConvertTarget::parse("safetensors:int8"), {}}};
  spec.options = {"im.dat", true, "direct", 5'000'000};
  conversion.readme = "---\nlicense: mit\ntags: [chat]\n---\n";
  const auto told = boost::json::parse(converter_input(conversion, "/s", "cuda", 3));
  CHECK(told.at("source") == "/s/in");
  CHECK(told.at("output") == "/s/out");
  CHECK(told.at("device") == "cuda");
  CHECK(told.at("threads") == 3);
  CHECK(told.at("allow_requantize") == true);
  CHECK(told.at("via") == "direct");
  CHECK(told.at("model").at("license") == "mit");
  CHECK(told.at("model").at("tags") == boost::json::array{"chat"});
  CHECK(told.at("model").at("repo_url") == "http://hub/ada/tiny");
  const auto& targets = told.at("targets").as_array();
  REQUIRE(targets.size() == 2);
  CHECK(targets[0].at("file") == "tiny-F16.gguf");
  CHECK(targets[0].at("imatrix") == "/s/in/im.dat");
  CHECK(targets[1].at("folder") == "int8");
  CHECK_FALSE(targets[1].as_object().contains("imatrix"));
  CHECK(targets[1].at("split_bytes") == 5'000'000);
}
