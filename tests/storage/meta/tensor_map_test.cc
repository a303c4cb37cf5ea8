#include "storage/meta/tensor_map.h"

#include <catch2/catch.hpp>

#include "tests/support/store_workload.h"

namespace waag::storage {
namespace {

constexpr std::uint64_t data_begin = 1000;

TensorMap tensors() {
  TensorMap map;
  map.tensors = {{"model.embed", Dtype::bf16, {32000, 4096}, 1000, 262145000},
                 {"model.empty", Dtype::f32, {0, 7}, 262145000, 262145000},
                 {"model.embed.scale", Dtype::f32, {}, 262145000, 262145004},
                 {"", Dtype::quantized, {1ull << 40}, 300000000, 1ull << 40}};
  return map;
}

std::string row_of(const TensorMap& map) {
  TensorMapWriter writer;
  for (auto tensor : map.tensors) {
    tensor.begin -= data_begin;
    tensor.end -= data_begin;
    writer.add(tensor);
  }
  return writer.row(data_begin);
}

}  // namespace

TEST_CASE("tensor map: what is written is decoded, in file order", "[storage][tensor_map]") {
  const auto want = tensors();
  CHECK(*decode_tensor_map(row_of(want)) == want);
  auto turned = want;
  std::ranges::reverse(turned.tensors);
  std::swap(turned.tensors[1], turned.tensors[2]);  // the empty one first, as it was
  CHECK(*decode_tensor_map(row_of(turned)) == want);
  CHECK(*decode_tensor_map(row_of({})) == TensorMap{});
}

TEST_CASE("tensor map: neighbours share their names", "[storage][tensor_map]") {
  TensorMapWriter writer;
  std::uint64_t at = 0;
  for (int expert = 0; expert < 1000; ++expert)
    for (const auto* part : {"down_proj", "gate_proj", "up_proj"}) {
      const auto name =
          "model.layers.17.mlp.experts." + std::to_string(expert) + "." + part + ".weight";
      writer.add({name, Dtype::bf16, {2048, 768}, at, at + 3'145'728});
      at += 3'145'728;
    }
  CHECK(writer.size_bytes() < 3000 * 35);
  CHECK(decode_tensor_map(writer.row(0))->tensors[2999].name ==
        "model.layers.17.mlp.experts.999.up_proj.weight");
}

TEST_CASE("tensor map: a row that is not whole is refused", "[storage][tensor_map]") {
  const auto value = row_of(tensors());
  for (std::size_t size = 0; size < value.size(); ++size) {
    CAPTURE(size);
    const auto map = decode_tensor_map(std::string_view(value).substr(0, size));
    REQUIRE_FALSE(map);
    CHECK(map.error().code == Errc::corrupt);
  }
  CHECK_FALSE(decode_tensor_map(value + '\0'));
  auto other = value;
  other[0] = 1;
  CHECK_FALSE(decode_tensor_map(other));
}

TEST_CASE("tensor map: damaged rows never take the process down", "[storage][tensor_map]") {
  const auto value = row_of(tensors());
  testing::SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto bad = value;
    for (auto flips = 1 + random.next() % 4; flips > 0; --flips)
      bad[random.next() % bad.size()] = static_cast<char>(random.next());
    const auto map = decode_tensor_map(bad);
    if (!map) continue;
    for (const auto& tensor : map->tensors) {
      REQUIRE(tensor.begin <= tensor.end);
      REQUIRE(tensor.name.size() <= tensor_name_bytes_max);
    }
  }
  ByteWriter huge;
  huge.fixed(std::uint8_t{2});
  huge.varint(0);
  huge.varint(1ull << 60);
  CHECK_FALSE(decode_tensor_map(huge.str()));
}

}  // namespace waag::storage
