#include <bit>

#include <catch2/catch.hpp>

#include "convert/arch/tensor_plan.h"

namespace waag::convert::testing {
namespace {

Result<std::vector<float>> factors_of(const std::string& scaling, std::uint64_t head) {
  const auto config = ModelConfig::parse(
      R"({"architectures":["LlamaForCausalLM"],"rope_theta":500000.0,"rope_scaling":{)" + scaling +
      "}}");
  if (!config) FAIL(config.error().what);
  Dimensions dimensions;
  dimensions.head = head;
  return rope_frequency_factors(*config, dimensions);
}

std::string llama3(const std::string& factor, const std::string& more =
                                                  R"("low_freq_factor":1.0,"high_freq_factor":4.0,
                                        "original_max_position_embeddings":8192)") {
  return R"("rope_type":"llama3","factor":)" + factor + "," + more;
}

struct Case {
  const char* factor;
  std::uint64_t head;
  std::size_t ones;                    // that many come first
  std::vector<std::uint32_t> between;  // the rest is the factor
};

}  // namespace

// The bits are those of torch 2.15 with the formula of llama.cpp's converter (conversion/llama.py).
TEST_CASE("rope_factors: the bits of Llama 3.1 and 3.2", "[convert][arch][rope]") {
  const std::vector<Case> cases{
      {"8.0", 128, 29, {0x3f9a8ed5, 0x3fc6d64a, 0x4001af1d, 0x402c732e, 0x406bcace, 0x40a83c06}},
      {"32.0", 64, 15, {0x3fd35ec2, 0x4052b46f, 0x411aaaee}},
      {"32.0", 128, 29, {0x3f9e126b, 0x3fd35ec2, 0x4011b4ca, 0x4052b46f, 0x40a57db9, 0x411aaaee}}};
  for (const auto& one : cases) {
    CAPTURE(one.factor, one.head);
    const auto factors = factors_of(llama3(one.factor), one.head);
    REQUIRE(factors);
    REQUIRE(factors->size() == one.head / 2);
    for (std::size_t i = 0; i < factors->size(); ++i) {
      CAPTURE(i);
      const auto middle = i - one.ones;
      const auto expected = i < one.ones ? std::bit_cast<std::uint32_t>(1.0f)
                            : middle < one.between.size()
                                ? one.between[middle]
                                : std::bit_cast<std::uint32_t>(std::stof(one.factor));
      CHECK(std::bit_cast<std::uint32_t>((*factors)[i]) == expected);
    }
  }
}

TEST_CASE("rope_factors: none of other scalings", "[convert][arch][rope]") {
  for (const auto* scaling : {"", R"("type":"yarn","factor":4)", R"("rope_type":"default")"}) {
    const auto factors = factors_of(scaling, 128);
    REQUIRE(factors);
    CHECK(factors->empty());
  }
}

TEST_CASE("rope_factors: what is not said is as in Llama 3.1", "[convert][arch][rope]") {
  CHECK(*factors_of(R"("rope_type":"llama3")", 128) == *factors_of(llama3("8.0"), 128));
}

TEST_CASE("rope_factors: factors that make none", "[convert][arch][rope]") {
  const auto scaling =
      GENERATE(as<std::string>(), llama3("0"), llama3("-8"), llama3("8", R"("low_freq_factor":0)"),
               llama3("8", R"("low_freq_factor":4)"), llama3("8", R"("low_freq_factor":5)"),
               llama3("8", R"("rope_theta":0)"), llama3("8", R"("rope_theta":-1)"),
               llama3("8", R"("original_max_position_embeddings":0)"), llama3("1e300"),
               llama3("1e-300"), llama3("8", R"("rope_theta":1e300)"));
  CAPTURE(scaling);
  const auto factors = factors_of(scaling, 128);
  REQUIRE_FALSE(factors);
  CHECK(factors.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
