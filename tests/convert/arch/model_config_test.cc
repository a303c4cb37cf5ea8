#include "convert/arch/model_config.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

ModelConfig parse(const std::string& members) {
  auto config = ModelConfig::parse(R"({"architectures":["A","B"],)" + members + "}");
  if (!config) FAIL(config.error().what);
  return *std::move(config);
}

}  // namespace

TEST_CASE("model_config: what is no config", "[convert][arch][config]") {
  const auto text = GENERATE("", "[]", "{", "{}", R"({"architectures":[]})",
                             R"({"architectures":null})", R"({"architectures":[7]})",
                             R"({"architectures":"A"})", R"({"architectures":["A"]} x)");
  CAPTURE(text);
  const auto config = ModelConfig::parse(text);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Errc::unprocessable);
  CHECK(config.error().what.starts_with("config.json: "));
}

TEST_CASE("model_config: the first name that is there counts, and null is absent",
          "[convert][arch][config]") {
  const auto config = parse(R"("a":null,"b":5,"c":6,"t":"x","yes":true,"r":1e-6,"whole":7.0)");
  CHECK(config.architecture() == "A");
  CHECK_FALSE(config.has("a"));
  CHECK_FALSE(config.has("z"));
  CHECK(config.has("b"));
  CHECK(**config.uint({"a", "b", "c"}) == 5);
  CHECK(**config.uint({"c", "b"}) == 6);
  CHECK_FALSE(*config.uint({"a", "z"}));
  CHECK(**config.uint({"whole"}) == 7);  // some configs hold 7.0
  CHECK(**config.number({"r"}) == 1e-6);
  CHECK(**config.number({"b"}) == 5.0);
  CHECK(**config.boolean({"yes"}));
  CHECK_FALSE(*config.boolean({"a"}));
  CHECK(**config.text({"t"}) == "x");
  CHECK(*config.required({"a", "b"}) == 5);
}

TEST_CASE("model_config: another type, and numbers that no model has", "[convert][arch][config]") {
  const auto config = parse(
      R"("t":"5","neg":-1,"half":1.5,"big":2147483648,"huge":1e300,"zero":0,"list":[1],
      "top":2147483647)");
  const auto name = GENERATE(as<std::string>(), "t", "neg", "half", "big", "huge", "list");
  CAPTURE(name);
  const auto number = config.uint({name});
  REQUIRE_FALSE(number);
  CHECK(number.error().code == Errc::unprocessable);
  CHECK(number.error().what.find(name) != std::string::npos);
  CHECK(**config.uint({"top"}) == 2147483647);
  CHECK_FALSE(config.boolean({"zero"}));
  CHECK_FALSE(config.text({"zero"}));
  CHECK_FALSE(config.number({"t"}));
  CHECK_FALSE(config.required({"zero"}));
  CHECK_FALSE(config.required({"absent"}));
}

TEST_CASE("model_config: rope settings of both generations", "[convert][arch][config]") {
  const auto old = parse(R"("rope_theta":10000,"rope_scaling":{"type":"yarn","factor":40,
    "original_max_position_embeddings":4096,"beta_fast":32,"beta_slow":1,"mscale_all_dim":0.707,
    "attn_factor":1.5,"extrapolation_factor":0.5,"low_freq_factor":1,"high_freq_factor":4})");
  const auto rope = old.rope();
  REQUIRE(rope);
  CHECK(rope->type == "yarn");
  CHECK(rope->theta == 10000.0);
  CHECK(rope->factor == 40.0);
  CHECK(rope->original_context == 4096u);
  CHECK(rope->beta_fast == 32.0);
  CHECK(rope->beta_slow == 1.0);
  CHECK(rope->mscale_all_dim == 0.707);
  CHECK(rope->attention_factor == 1.5);
  CHECK(rope->extrapolation_factor == 0.5);
  CHECK(rope->low_freq_factor == 1.0);
  CHECK(rope->high_freq_factor == 4.0);

  const auto recent = parse(R"("rope_theta":1,"original_max_position_embeddings":77,
    "rope_parameters":{"rope_type":"default","type":"yarn","rope_theta":500000.0})");
  const auto newer = recent.rope();
  REQUIRE(newer);
  CHECK(newer->type.empty());
  CHECK(newer->theta == 500000.0);
  CHECK(newer->original_context == 77u);
  CHECK_FALSE(newer->factor);

  CHECK_FALSE(parse(R"("x":1)").rope()->theta);
}

TEST_CASE("model_config: rope settings of a wrong type", "[convert][arch][config]") {
  const auto members = GENERATE(R"("rope_scaling":"yarn")", R"("rope_scaling":{"type":7})",
                                R"("rope_scaling":{"factor":"8"})", R"("rope_theta":"10000")",
                                R"("rope_parameters":{"original_max_position_embeddings":-1})");
  CAPTURE(members);
  const auto rope = parse(members).rope();
  REQUIRE_FALSE(rope);
  CHECK(rope.error().code == Errc::unprocessable);
}

TEST_CASE("model_config: lists of texts", "[convert][arch][config]") {
  const auto config = ModelConfig::parse(
      R"({"architectures":["X"],"a":["b","c"],"none":null,"bad":["b",1],"no_list":"b"})");
  REQUIRE(config);
  CHECK(**config->texts("a") == std::vector<std::string>{"b", "c"});
  CHECK_FALSE(*config->texts("none"));
  CHECK_FALSE(*config->texts("absent"));
  CHECK_FALSE(config->texts("bad"));
  CHECK_FALSE(config->texts("no_list"));
}

TEST_CASE("model_config: yarn's members and the part of a head", "[convert][arch][config]") {
  const auto rope = [](const std::string& members) {
    return *ModelConfig::parse(R"({"architectures":["X"],)" + members + "}")->rope();
  };
  const auto yarn = rope(R"("rope_scaling":{"mscale":0.5,"truncate":false})");
  CHECK(yarn.mscale == 0.5);
  CHECK_FALSE(yarn.is_truncated);
  CHECK_FALSE(yarn.partial);
  CHECK(rope(R"("partial_rotary_factor":0.25)").partial == 0.25);
  CHECK(rope(R"("rope_parameters":{"partial_rotary_factor":0.5})").partial == 0.5);
  CHECK(rope(R"("x":1)").is_truncated);
}

}  // namespace waag::convert::testing
