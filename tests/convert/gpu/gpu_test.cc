// Only where the CUDA kernels were built; a device is needed to run the cases.
#ifdef WAAG_CUDA

#include "convert/gpu/gpu.h"

#include <cstring>

#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {
namespace {

constexpr std::array device_types{
    TensorType::q2_k,   TensorType::q3_k,   TensorType::q4_k,  TensorType::q5_k, TensorType::q6_k,
    TensorType::iq4_nl, TensorType::iq4_xs, TensorType::mxfp4, TensorType::q8_0, TensorType::q4_0,
    TensorType::q4_1,   TensorType::q5_0,   TensorType::q5_1,
};

/// The types whose weights come from the whole row.
bool refuses_importance(TensorType type) {
  return type == TensorType::q4_0 || type == TensorType::q4_1 || type == TensorType::q5_0 ||
         type == TensorType::q5_1;
}

void check_device(gpu::Quantizer& device, TensorType type, std::span<const float> values,
                  std::span<const float> importance) {
  const auto expected = blocks_of(type, values, sample_columns, importance, Lanes::scalar);
  std::vector<std::byte> ours(expected.size());
  REQUIRE(device.quantize(type, {values, sample_columns, importance, ours}));
  const auto differ = std::ranges::mismatch(expected, ours);
  CAPTURE(block_of(type).name, importance.size(), differ.in1 - expected.begin());
  CHECK(differ.in1 == expected.end());
}

}  // namespace

TEST_CASE("gpu: a device gives the bits of the reference", "[convert][gpu][device]") {
  auto device = gpu::Quantizer::open();
  if (!gpu::is_available()) {
    REQUIRE_FALSE(device);
    CHECK(device.error().code == Errc::unavailable);
    return;
  }
  REQUIRE(device);
  constexpr std::uint64_t rows = 9000;  // more than two slots of the ring
  const auto values = sample_rows(0, rows);
  const auto importance = sample_importance();
  for (const auto type : device_types) {
    check_device(*device, type, values, {});
    if (!refuses_importance(type)) check_device(*device, type, values, importance);
  }
}

TEST_CASE("gpu: what a device refuses", "[convert][gpu][device]") {
  if (!gpu::is_available()) {
    gpu::Quantizer none;
    CHECK(none.quantize(TensorType::q8_0, {}).error().code == Errc::invalid_argument);
    return;
  }
  auto device = gpu::Quantizer::open();
  REQUIRE(device);
  const auto values = sample_rows(0, 1);
  const auto importance = sample_importance();
  std::vector<std::byte> room(row_bytes(TensorType::q4_0, sample_columns));
  const auto refused = [&](TensorType type, const RowsToQuantize& rows) {
    const auto done = device->quantize(type, rows);
    return !done && done.error().code == Errc::invalid_argument;
  };
  CHECK(refused(TensorType::f16, {values, sample_columns, {}, room}));
  CHECK(refused(TensorType::q4_0, {values, sample_columns, importance, room}));
  CHECK(refused(TensorType::q4_0, {values, 0, {}, room}));
  CHECK(refused(TensorType::q4_0, {values, 1000, {}, room}));
  CHECK(refused(TensorType::q8_0, {values, sample_columns, {}, room}));
}

}  // namespace waag::convert::testing

#endif
