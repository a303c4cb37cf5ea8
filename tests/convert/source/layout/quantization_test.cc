#include "convert/source/layout/quantization.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Method = Quantization::Method;

Result<Quantization> parse(const std::string& quantization) {
  return parse_quantization(R"({"quantization_config":)" + quantization + "}", "");
}

std::string refusal(const std::string& quantization) {
  const auto parsed = parse(quantization);
  if (parsed) return "";
  CHECK(parsed.error().code == Errc::unprocessable);
  return parsed.error().what;
}

}  // namespace

TEST_CASE("quantization: the methods", "[convert][source]") {
  CHECK(parse_quantization("{}", "")->method == Method::none);
  CHECK(parse("null")->method == Method::none);
  CHECK(parse_quantization("{}", R"({"quantization":{}})")->method == Method::modelopt);
  const auto fp8 = parse(R"({"quant_method":"fp8","weight_block_size":[128,64]})");
  REQUIRE(fp8);
  CHECK(fp8->method == Method::fp8);
  CHECK(fp8->block == std::pair<std::uint64_t, std::uint64_t>(128, 64));
  CHECK_FALSE(parse(R"({"quant_method":"fp8","weight_block_size":null})")->block);
  const auto gptq = parse(R"({"quant_method":"gptq","bits":4,"group_size":128})");
  REQUIRE(gptq);
  CHECK((gptq->zeros_less_one && gptq->group_size == 128 && gptq->bits.contains(4)));
  const auto v2 =
      parse(R"({"quant_method":"gptq","bits":8,"group_size":-1,"checkpoint_format":"gptq_v2"})");
  REQUIRE(v2);
  CHECK((!v2->zeros_less_one && v2->group_size == 0 && v2->bits.contains(8)));
  const auto awq = parse(R"({"quant_method":"awq","w_bit":4,"q_group_size":64,"version":"gemm"})");
  REQUIRE(awq);
  CHECK((awq->method == Method::awq && awq->group_size == 64));
  const auto packed = parse(R"({"quant_method":"compressed-tensors","config_groups":{
      "group_0":{"weights":{"num_bits":4,"type":"int"}},
      "group_1":{"weights":{"num_bits":8,"block_structure":[128,128]}},
      "group_2":{"weights":null}}})");
  REQUIRE(packed);
  CHECK(packed->bits == std::set<std::uint64_t>{4, 8});
  CHECK(packed->block == std::pair<std::uint64_t, std::uint64_t>(128, 128));
  CHECK(parse(R"({"quant_method":"modelopt"})")->method == Method::modelopt);
  CHECK(parse(R"({"quant_method":"mxfp4"})")->method == Method::mxfp4);
}

TEST_CASE("quantization: what is refused", "[convert][source]") {
  const std::string is = "config.json: quantization_config: ";
  CHECK(refusal("[]") == is + "not an object");
  CHECK(refusal("{}") == is + R"(quant_method "" cannot be read)");
  CHECK(refusal(R"({"quant_method":"aqlm"})") == is + R"(quant_method "aqlm" cannot be read)");
  for (const auto* block : {"128", "[128]", "[128,0]", "[128,-1]", "[128,1.5]", "[1,9999999]"})
    CHECK(refusal(std::string(R"({"quant_method":"fp8","weight_block_size":)") + block + "}")
              .starts_with(is + "weight_block_size is not two"));
  CHECK(refusal(R"({"quant_method":"gptq","bits":3,"group_size":128})") ==
        is + "bits is neither 4 nor 8");
  CHECK(refusal(R"({"quant_method":"gptq","bits":4})") == is + "no group_size");
  CHECK(refusal(R"({"quant_method":"gptq","bits":4,"group_size":0})") == is + "no group_size");
  CHECK(refusal(R"({"quant_method":"gptq","bits":4,"group_size":-2})") ==
        is + "group_size is not a number that is possible");
  CHECK(
      refusal(R"({"quant_method":"gptq","bits":4,"group_size":8,"checkpoint_format":"marlin"})") ==
      is + R"(checkpoint_format "marlin" cannot be read)");
  CHECK(refusal(R"({"quant_method":"awq","bits":4,"group_size":128,"version":"gemv"})") ==
        is + R"(AWQ of version "gemv" cannot be read)");
  CHECK(refusal(R"({"quant_method":"awq","bits":8,"group_size":128})") == is + "AWQ is of 4 bits");
  CHECK(refusal(R"({"quant_method":"compressed-tensors"})") == is + "no config_groups");
  CHECK(refusal(R"({"quant_method":"compressed-tensors","config_groups":{"a":{"weights":{}}}})") ==
        is + "num_bits of a group is not from 1 to 8");
}

}  // namespace waag::convert::testing
