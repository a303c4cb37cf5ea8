#include "convert/forward/rope.h"

#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

#include "convert/arch/tensor_plan.h"

namespace waag::convert::testing {
namespace {

RopeConfig scaled(const std::string& type, double factor, std::uint64_t context) {
  RopeConfig config;
  config.theta = 10000;
  config.type = type;
  config.factor = factor;
  config.original_context = context;
  return config;
}

Rope rope_of(const RopeConfig& config, std::uint64_t size) {
  auto rope = read_rope(config, 10000, size);
  if (!rope) FAIL(rope.error().what);
  return *std::move(rope);
}

void is_refused(const RopeConfig& config) {
  const auto rope = read_rope(config, 10000, 8);
  REQUIRE_FALSE(rope);
  CHECK(rope.error().code == Errc::unprocessable);
}

}  // namespace

TEST_CASE("rope: a pair is turned by its angle", "[convert][forward][rope]") {
  Rope rope{.frequencies = {1, 0.25}, .magnitude = 2, .is_paired = false};
  std::vector<float> head{9, 1, 0, 0, 3};  // the first is not rotated
  Rotations(rope, 4).turn(3, head);
  CHECK(head[0] == 9);
  CHECK(head[1] == Approx(2 * std::cos(3.0)));
  CHECK(head[3] == Approx(2 * std::sin(3.0)));
  CHECK(head[2] == Approx(-6 * std::sin(0.75)));
  CHECK(head[4] == Approx(6 * std::cos(0.75)));
  rope.is_paired = true;
  head = {1, 0, 0, 3};
  Rotations(rope, 4).turn(3, head);
  CHECK(head[0] == Approx(2 * std::cos(3.0)));
  CHECK(head[1] == Approx(2 * std::sin(3.0)));
  CHECK(head[2] == Approx(-6 * std::sin(0.75)));
}

TEST_CASE("rope: the first position turns nothing, lengths stay", "[convert][forward][rope]") {
  const auto rope = rope_of(RopeConfig{}, 8);
  const Rotations rotations(rope, 100);
  const std::vector<float> head{1, -2, 3, -4, 5, -6, 7, -8};
  auto turned = head;
  rotations.turn(0, turned);
  CHECK(turned == head);
  rotations.turn(99, turned);
  double length = 0;
  for (const auto value : turned) length += static_cast<double>(value * value);
  CHECK(length == Approx(204));
}

TEST_CASE("rope: frequencies fall by powers of theta", "[convert][forward][rope]") {
  RopeConfig config;
  CHECK(rope_of(config, 8).frequencies[1] == Approx(0.1));
  config.theta = 16;
  CHECK(rope_of(config, 8).frequencies[3] == Approx(1.0 / 8));
  CHECK(rope_of(scaled("linear", 4, 64), 8).frequencies[1] == Approx(0.025));
  config.theta = 1;
  is_refused(config);
}

TEST_CASE("rope: llama3 divides by what GGUF has as rope_freqs", "[convert][forward][rope]") {
  const auto config = ModelConfig::parse(R"({"architectures":["LlamaForCausalLM"],
    "rope_theta":500000.0,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,
    "high_freq_factor":4.0,"original_max_position_embeddings":8192}})");
  REQUIRE(config);
  Dimensions of;
  of.head = 128;
  const auto factors = rope_frequency_factors(*config, of);
  REQUIRE(factors);
  const auto rope = rope_of(*config->rope(), 128);
  bool is_between = false;
  for (std::size_t i = 0; i < 64; ++i) {
    const double plain = std::pow(500000.0, -static_cast<double>(i) / 64);
    const auto factor = static_cast<double>((*factors)[i]);
    CHECK(plain / rope.frequencies[i] == Approx(factor).epsilon(1e-5));
    is_between = is_between || (factor > 1.01 && factor < 7.99);
  }
  CHECK(is_between);
  // Far beyond the first context, where the slow ones must have been slowed (FORMATS 10.11).
  const Rotations rotations(rope, 16385);
  std::vector<float> head(128);
  head[63] = 1;
  rotations.turn(16384, head);
  const double angle = 16384 * std::pow(500000.0, -63.0 / 64) / 8;
  CHECK(static_cast<double>(head[127]) == Approx(std::sin(angle)).epsilon(1e-5));
}

TEST_CASE("rope: yarn keeps the fast, divides the slow", "[convert][forward][rope]") {
  auto config = scaled("yarn", 40, 4096);
  const auto rope = rope_of(config, 64);
  // Borders by hand: 64 ln(4096 / 64 pi) / (2 ln 1e4) = 10.47, and 22.51 for one turn.
  CHECK(rope.frequencies[10] == Approx(std::pow(1e4, -10.0 / 32)));
  CHECK(rope.frequencies[23] == Approx(std::pow(1e4, -23.0 / 32) / 40));
  const double ramp = 6.0 / 13;
  CHECK(rope.frequencies[16] == Approx(0.01 * (ramp / 40 + 1 - ramp)));
  CHECK(static_cast<double>(rope.magnitude) == Approx(0.1 * std::log(40.0) + 1));
  config.mscale = 0.5;
  config.mscale_all_dim = 1;
  CHECK(static_cast<double>(rope_of(config, 64).magnitude) ==
        Approx((0.05 * std::log(40.0) + 1) / (0.1 * std::log(40.0) + 1)));
  config.attention_factor = 3;
  CHECK(rope_of(config, 64).magnitude == 3);
  CHECK(yarn_scale(1, 5) == 1);
}

TEST_CASE("rope: what is not known is refused", "[convert][forward][rope]") {
  is_refused(scaled("dynamic", 2, 64));
  is_refused(scaled("longrope", 2, 64));
  is_refused(scaled("linear", 0, 64));
  is_refused(scaled("yarn", 2, 0));
  is_refused(scaled("yarn", -1, 64));
  is_refused(scaled("llama3", 0, 64));
  auto config = scaled("yarn", 2, 64);
  config.is_truncated = false;
  is_refused(config);
  RopeConfig partial;
  partial.partial = 0.5;
  is_refused(partial);
}

}  // namespace waag::convert::testing
