#include "convert/validate/weight_errors.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "convert/validate/weight_gates.h"
#include "protocol/hash.h"
#include "tests/convert/validate/normal_model.h"

namespace waag::convert::testing {
namespace {

/// FORMATS 7.1, of normal values in BF16.
const std::map<std::string, double> published{{"Q8_0", 45.4}, {"Q6_K", 35.0},   {"Q5_1", 28.4},
                                              {"Q5_K", 28.8}, {"Q5_0", 27.4},   {"Q4_K", 22.9},
                                              {"Q4_1", 22.1}, {"IQ4_NL", 22.4}, {"IQ4_XS", 22.3},
                                              {"Q4_0", 21.3}, {"Q3_K", 16.4},   {"Q2_K", 10.6}};

std::vector<std::string> faults_of(const std::map<std::string, WeightErrors>& all) {
  std::vector<std::string> faults;
  for (const auto& [name, errors] : all)
    for (const auto& fault : weight_faults(errors)) faults.push_back(fault);
  return faults;
}

/// Swaps two rows of a tensor.
void swap_rows(Bytes& bytes, std::uint64_t rows, std::uint64_t one, std::uint64_t other) {
  const auto size = static_cast<std::ptrdiff_t>(bytes.size() / rows);
  const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(one) * size;
  std::swap_ranges(at, at + size, bytes.begin() + static_cast<std::ptrdiff_t>(other) * size);
}

/// Multiplies the F16 at the front of each Q4_0 block of a row with a power of two.
void scale_row(Bytes& bytes, std::uint64_t row_bytes, std::uint64_t row, int exponent) {
  constexpr std::uint64_t block_bytes = 18;
  for (auto at = row * row_bytes; at < (row + 1) * row_bytes; at += block_bytes) {
    std::uint16_t half = 0;
    std::memcpy(&half, &bytes[at], sizeof(half));
    half = float_to_half(std::ldexp(half_to_float(half), exponent));
    std::memcpy(&bytes[at], &half, sizeof(half));
  }
}

}  // namespace

TEST_CASE("weight_errors: of normal weights, what FORMATS 7.1 says of each type",
          "[convert][validate][weight_errors]") {
  const std::string type = GENERATE("Q8_0", "Q6_K", "Q5_1", "Q5_K_S", "Q5_0", "Q4_K_S", "Q4_1",
                                    "IQ4_NL", "IQ4_XS", "Q4_0", "Q3_K_S", "Q2_K");
  CAPTURE(type);
  const MadeOfModel made(NormalModel(), "gguf:" + type);
  const auto all = made.errors();
  CHECK(all.size() == 12);
  CHECK(faults_of(all).empty());
  bool is_met = false;
  for (const auto& [name, errors] : all) {
    CAPTURE(name, errors.type);
    if (errors.type == "F32") {
      CHECK_FALSE(errors.sqnr_db);
      CHECK(errors.largest_error == 0);
      CHECK(errors.cosine == Approx(1).epsilon(1e-12));
      continue;
    }
    REQUIRE(errors.sqnr_db);
    CHECK(*errors.sqnr_db == Approx(published.at(errors.type)).margin(0.3));
    CHECK(errors.relative_rmse == Approx(std::pow(10, -*errors.sqnr_db / 20)).epsilon(1e-9));
    CHECK(*errors.row_sqnr_db <= *errors.sqnr_db);
    CHECK(errors.largest_error < errors.largest);
    CHECK(errors.zero_blocks == 0);
    is_met = is_met || type.starts_with(errors.type);
  }
  CHECK(is_met);
}

TEST_CASE("weight_errors: what a float type holds is exact", "[convert][validate][weight_errors]") {
  const std::string type = GENERATE("F32", "BF16");
  const MadeOfModel made(NormalModel(), "gguf:" + type);
  for (const auto& [name, errors] : made.errors()) {
    CAPTURE(name);
    CHECK_FALSE(errors.sqnr_db);
    CHECK(errors.not_kept == 0);
    CHECK(errors.rmse == 0);
  }
}

TEST_CASE("weight_errors: the same whatever the number of threads",
          "[convert][validate][weight_errors]") {
  const MadeOfModel made(NormalModel(), "gguf:Q4_K_M");
  const auto alone = made.errors(1);
  const auto others = made.errors(3);
  REQUIRE(alone.size() == others.size());
  for (const auto& [name, errors] : alone) {
    CAPTURE(name);
    const auto& other = others.at(name);
    CHECK(errors.sqnr_db == other.sqnr_db);
    CHECK(errors.row_sqnr_db == other.row_sqnr_db);
    CHECK(errors.cosine == other.cosine);
    CHECK(errors.rmse == other.rmse);
    CHECK(errors.sha256 == other.sha256);
  }
}

TEST_CASE("weight_errors: the hash is of the tensor's bytes, also in parts",
          "[convert][validate][weight_errors]") {
  const MadeOfModel whole(NormalModel(), "gguf:Q8_0");
  const MadeOfModel parts(NormalModel(), "gguf:Q8_0", 1 << 20);
  REQUIRE(parts.made().gguf.filename().string().find("-00001-of-") != std::string::npos);
  const auto tensors = open_gguf(whole.made().gguf);
  REQUIRE(tensors);
  const auto of_parts = parts.errors();
  for (const auto& [name, errors] : whole.errors()) {
    CAPTURE(name);
    const auto& stored = tensors->at(name);
    Bytes bytes(stored.info.end - stored.info.begin);
    REQUIRE(stored.file->read_at(stored.info.begin, bytes));
    CHECK(errors.sha256 == sha256(bytes).hex());
    CHECK(of_parts.at(name).sha256 == errors.sha256);
    CHECK(of_parts.at(name).sqnr_db == errors.sqnr_db);
    CHECK(errors.shape == stored.info.shape);
  }
}

TEST_CASE("weight_errors: damage in one tensor is found, there and nowhere else",
          "[convert][validate][weight_errors]") {
  struct Damage {
    std::string word;  // of what is said
    std::function<void(Bytes&)> change;
  };
  constexpr std::uint64_t rows = 512, row_bytes = 512 / 32 * 18;
  const auto damage = GENERATE(
      Damage{"dB", [](Bytes& bytes) { std::ranges::fill(bytes, std::byte{0}); }},
      Damage{"a row has", [](Bytes& bytes) { swap_rows(bytes, rows, 7, 300); }},
      Damage{"a row has", [](Bytes& bytes) { scale_row(bytes, row_bytes, 11, 1); }},
      Damage{"a row has", [](Bytes& bytes) { scale_row(bytes, row_bytes, 12, -1); }},
      Damage{"dB, at least 18.3",
             [](Bytes& bytes) {
               for (std::uint64_t row = 0; row < rows; ++row) scale_row(bytes, row_bytes, row, 1);
             }},
      // Halves of a head instead of pairs.
      Damage{"dB, at least 18.3",
             [](Bytes& bytes) {
               const auto before = bytes;
               for (std::uint64_t row = 0; row < rows; ++row) {
                 const auto within = row % 128;
                 const auto from = row - within + 2 * (within % 64) + within / 64;
                 std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(from * row_bytes),
                             row_bytes,
                             bytes.begin() + static_cast<std::ptrdiff_t>(row * row_bytes));
               }
             }},
      Damage{"NaN", [](Bytes& bytes) { bytes[1] = std::byte{0x7e}; }});
  MadeOfModel made(NormalModel(), "gguf:Q4_0");
  made.change("blk.0.attn_q.weight", damage.change);
  const auto faults = faults_of(made.errors());
  REQUIRE_FALSE(faults.empty());
  bool is_said = false;
  for (const auto& fault : faults) {
    CAPTURE(fault);
    CHECK(fault.starts_with("blk.0.attn_q.weight (Q4_0): "));
    is_said = is_said || fault.find(damage.word) != std::string::npos;
  }
  CAPTURE(damage.word, faults.front());
  CHECK(is_said);
}

TEST_CASE("weight_errors: a float that is another is found", "[convert][validate][weight_errors]") {
  MadeOfModel made(NormalModel(), "gguf:BF16");
  made.change("output_norm.weight", [](Bytes& bytes) { bytes[100] ^= std::byte{1}; });
  const auto faults = faults_of(made.errors());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0] == "output_norm.weight (F32): 1 values are others, which the type holds exactly");
}

TEST_CASE("weight_errors: rows of zeros and a source of zeros",
          "[convert][validate][weight_errors]") {
  NormalModel model;
  const std::string at = "model.layers.0.";
  std::ranges::fill(model.values(at + "mlp.up_proj.weight"), 0.0f);
  auto& embedding = model.values("model.embed_tokens.weight");
  std::fill_n(embedding.begin(), 512, 0.0f);
  // A token that was never trained: the scales of its blocks are no F16.
  std::fill_n(embedding.begin() + 512, 512, 1e-12f);
  const MadeOfModel made(model, "gguf:Q8_0");
  const auto all = made.errors();
  CHECK(faults_of(all).empty());
  const auto& up = all.at("blk.0.ffn_up.weight");
  CHECK_FALSE(up.sqnr_db);
  CHECK(up.relative_rmse == 0);
  CHECK(up.cosine == 1);
  CHECK(up.zero_blocks == 512 * 512 / 32);
  CHECK(up.lost_blocks == 0);
  const auto& tokens = all.at("token_embd.weight");
  CHECK(tokens.zero_blocks == 32);
  CHECK(tokens.lost_blocks == 16);
  MadeOfModel changed(model, "gguf:Q8_0");
  changed.change("blk.0.ffn_up.weight", [](Bytes& bytes) { bytes[1] = bytes[2] = std::byte{1}; });
  const auto faults = faults_of(changed.errors());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("its source is all zero") != std::string::npos);
}

TEST_CASE("weight_errors: a result with other tensors is refused",
          "[convert][validate][weight_errors]") {
  const MadeOfModel made(NormalModel(), "gguf:Q8_0");
  waag::testing::ModelFolder folder;
  NormalModel().add("model.layers.0.self_attn.q_proj.bias", {512}).write(folder);
  const auto other = SourceModel::open(folder.path());
  REQUIRE(other);
  Workers workers(1);
  const auto measured = measure_weights(*other, made.made(), workers, [](const WeightErrors&) {});
  REQUIRE_FALSE(measured);
  CHECK(measured.error().code == Errc::unprocessable);
  CHECK(measure_weights(*other, {}, workers, [](const WeightErrors&) {}).error().code ==
        Errc::invalid_argument);
}

}  // namespace waag::convert::testing
