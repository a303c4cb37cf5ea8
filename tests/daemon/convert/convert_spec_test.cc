#include "daemon/convert/convert_spec.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

boost::json::object object(std::string_view text) { return boost::json::parse(text).as_object(); }

}  // namespace

TEST_CASE("convert spec: targets", "[daemon][convert]") {
  CHECK(ConvertTarget::parse("gguf:q4_k_m")->text() == "gguf:Q4_K_M");
  CHECK(ConvertTarget::parse("safetensors:FP8-Dynamic")->text() == "safetensors:fp8-dynamic");
  CHECK(gguf_name("tiny", *ConvertTarget::parse("gguf:IQ4_XS")) == "tiny-IQ4_XS.gguf");
  for (const auto* bad :
       {"", "gguf", "gguf:", "gguf:Q9", "onnx:fp16", "Q4_K_M", "safetensors:Q8_0"})
    CHECK(ConvertTarget::parse(bad).error().code == Errc::invalid_argument);
  CHECK(ConvertTarget::parse("gguf:x").error().what.find("Q4_K_M") != std::string::npos);
  const auto twice = parse_targets({"gguf:Q4_0", "gguf:q4_0", "gguf:F16"});
  REQUIRE(twice);
  CHECK(twice->size() == 2);
  CHECK_FALSE(parse_targets({}));
}

TEST_CASE("convert spec: where targets go", "[daemon][convert]") {
  const Config::Convert config;
  const auto suffix = [&](const char* text) {
    return suffix_of(config, *ConvertTarget::parse(text));
  };
  CHECK(suffix("gguf:F16") == "-GGUF");
  CHECK(suffix("safetensors:fp8-block") == "-FP8");
  CHECK(suffix("safetensors:fp8-dynamic") == "-FP8");
  CHECK(suffix("safetensors:int8") == "-INT8");
  CHECK(suffix("safetensors:w4a16") == "-W4A16");
  CHECK(suffix("safetensors:nvfp4") == "-NVFP4");
}

TEST_CASE("convert spec: a client's wish", "[daemon][convert]") {
  const auto wish = ConvertWish::parse(
      object(R"({"source":"ada/tiny","revision":"v1","targets":["gguf:F16"],"name":"bob/small",)"
             R"("imatrix":"im/imatrix.dat","allow_requantize":true,"via":"direct",)"
             R"("split_bytes":1000000})"));
  REQUIRE(wish);
  CHECK(wish->source.full_name() == "ada/tiny");
  CHECK(wish->revision == "v1");
  CHECK(wish->ns == "bob");
  CHECK(wish->name == "small");
  CHECK(wish->options == ConvertOptions{"im/imatrix.dat", true, "direct", 1'000'000});
  const auto plain =
      ConvertWish::parse(object(R"({"source":"ada/tiny","targets":["gguf:F16"],"name":"small"})"));
  REQUIRE(plain);
  CHECK(plain->ns.empty());
  CHECK(plain->options == ConvertOptions{"", false, "bf16", 0});
  CHECK(plain->revision == "main");
  CHECK_FALSE(plain->validate);
  const auto validated = [](const std::string& value) {
    return ConvertWish::parse(
        object(R"({"source":"ada/tiny","targets":["gguf:F16"],"validate":)" + value + "}"));
  };
  CHECK(validated("true")->validate == true);
  CHECK(validated("false")->validate == false);
  CHECK_FALSE(validated("1"));
}

TEST_CASE("convert spec: what is no wish", "[daemon][convert]") {
  const auto* text =
      GENERATE(R"({})", R"({"source":"tiny","targets":["gguf:F16"]})", R"({"source":"ada/tiny"})",
               R"({"source":"ada/tiny","targets":"gguf:F16"})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"name":"a/b/c"})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"revision":""})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"imatrix":"../x"})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"via":"f16"})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"via":true})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"split_bytes":0})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"split_bytes":999999})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"split_bytes":-5000000})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"split_bytes":"40G"})",
               R"({"source":"ada/tiny","targets":["gguf:F16"],"allow_requantize":1})");
  CAPTURE(text);
  const auto wish = ConvertWish::parse(object(text));
  REQUIRE_FALSE(wish);
  CHECK((wish.error().code == Errc::invalid_argument || wish.error().code == Errc::unprocessable));
}

TEST_CASE("convert spec: a job's row and back", "[daemon][convert]") {
  ConvertSpec spec;
  spec.source = {RepoType::model, "ada", "tiny"};
  spec.revision = "main";
  spec.commit.bytes[0] = std::byte{7};
  spec.source_url = "http://hub/ada/tiny";
  spec.outputs = {{*ConvertTarget::parse("gguf:F16"), {RepoType::model, "ada", "tiny-GGUF"}},
                  {*ConvertTarget::parse("safetensors:int8"), {RepoType::model, "b", "c"}}};
  spec.options = {"imatrix.dat", true, "direct", 5'000'000};
  CHECK_FALSE(spec.to_json().contains("validate"));
  spec.validate = true;
  const auto back = ConvertSpec::parse(spec.to_json());
  REQUIRE(back);
  CHECK(*back == spec);
  auto broken = spec.to_json();
  broken["outputs"] = boost::json::array{};
  CHECK_FALSE(ConvertSpec::parse(broken));
  broken = spec.to_json();
  broken["commit"] = "main";
  CHECK_FALSE(ConvertSpec::parse(broken));
}
