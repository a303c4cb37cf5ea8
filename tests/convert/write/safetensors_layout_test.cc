#include "convert/write/safetensors_layout.h"

#include <catch2/catch.hpp>

#include "protocol/model/safetensors_header.h"

namespace waag::convert::testing {
namespace {

using model::Dtype;

/// Of BF16, one dimension.
TensorToWrite tensor(std::string name, std::uint64_t extent) {
  return {std::move(name), Dtype::bf16, {extent}};
}

std::vector<std::string> file_names(const SafetensorsLayout& layout) {
  std::vector<std::string> names;
  for (const auto& file : layout.files) names.push_back(file.name);
  return names;
}

bool refused(std::vector<TensorToWrite> tensors) {
  const auto layout = lay_out_safetensors(std::move(tensors));
  return !layout && layout.error().code == Errc::invalid_argument;
}

}  // namespace

TEST_CASE("safetensors_layout: the header is the reference writer's, byte for byte",
          "[convert][write]") {
  const auto layout = lay_out_safetensors(
      {{"t.bool", Dtype::boolean, {2, 3}}, {"t.u8", Dtype::u8, {2, 3}},
       {"t.i8", Dtype::i8, {2, 3}},        {"t.e5m2", Dtype::f8_e5m2, {2, 3}},
       {"t.e4m3", Dtype::f8_e4m3, {2, 3}}, {"t.e8m0", Dtype::f8_e8m0, {2, 3}},
       {"t.i16", Dtype::i16, {2, 3}},      {"t.u16", Dtype::u16, {2, 3}},
       {"t.f16", Dtype::f16, {2, 3}},      {"t.bf16", Dtype::bf16, {2, 3}},
       {"t.i32", Dtype::i32, {2, 3}},      {"t.u32", Dtype::u32, {2, 3}},
       {"t.f32", Dtype::f32, {2, 3}},      {"t.c64", Dtype::c64, {2, 3}},
       {"t.f64", Dtype::f64, {2, 3}},      {"t.i64", Dtype::i64, {2, 3}},
       {"t.u64", Dtype::u64, {2, 3}},      {"t.scalar", Dtype::bf16, {}},
       {"t.none", Dtype::f32, {0, 7}},     {"t.\"quoted\\/ é", Dtype::bf16, {4}}});
  REQUIRE(layout);
  REQUIRE(layout->files.size() == 1);
  const auto& file = layout->files[0];
  // By safetensors 0.8.0: safetensors.torch.save(tensors, metadata={"format": "pt"}).
  const std::string json =
      R"({"__metadata__":{"format":"pt"},)"
      R"("t.u64":{"dtype":"U64","shape":[2,3],"data_offsets":[0,48]},)"
      R"("t.i64":{"dtype":"I64","shape":[2,3],"data_offsets":[48,96]},)"
      R"("t.f64":{"dtype":"F64","shape":[2,3],"data_offsets":[96,144]},)"
      R"("t.c64":{"dtype":"C64","shape":[2,3],"data_offsets":[144,192]},)"
      R"("t.f32":{"dtype":"F32","shape":[2,3],"data_offsets":[192,216]},)"
      R"("t.none":{"dtype":"F32","shape":[0,7],"data_offsets":[216,216]},)"
      R"("t.u32":{"dtype":"U32","shape":[2,3],"data_offsets":[216,240]},)"
      R"("t.i32":{"dtype":"I32","shape":[2,3],"data_offsets":[240,264]},)"
      R"("t.\"quoted\\/ é":{"dtype":"BF16","shape":[4],"data_offsets":[264,272]},)"
      R"("t.bf16":{"dtype":"BF16","shape":[2,3],"data_offsets":[272,284]},)"
      R"("t.scalar":{"dtype":"BF16","shape":[],"data_offsets":[284,286]},)"
      R"("t.f16":{"dtype":"F16","shape":[2,3],"data_offsets":[286,298]},)"
      R"("t.u16":{"dtype":"U16","shape":[2,3],"data_offsets":[298,310]},)"
      R"("t.i16":{"dtype":"I16","shape":[2,3],"data_offsets":[310,322]},)"
      R"("t.e8m0":{"dtype":"F8_E8M0","shape":[2,3],"data_offsets":[322,328]},)"
      R"("t.e4m3":{"dtype":"F8_E4M3","shape":[2,3],"data_offsets":[328,334]},)"
      R"("t.e5m2":{"dtype":"F8_E5M2","shape":[2,3],"data_offsets":[334,340]},)"
      R"("t.i8":{"dtype":"I8","shape":[2,3],"data_offsets":[340,346]},)"
      R"("t.u8":{"dtype":"U8","shape":[2,3],"data_offsets":[346,352]},)"
      R"("t.bool":{"dtype":"BOOL","shape":[2,3],"data_offsets":[352,358]}}       )";
  CHECK(file.header.substr(8) == json);
  CHECK(file.header.substr(0, 8) == std::string("\x28\x05\x00\x00\x00\x00\x00\x00", 8));
  CHECK(file.size_bytes == file.header.size() + 358);
  CHECK(file.name == "model.safetensors");
  CHECK(layout->index_json.empty());

  const auto read = model::parse_safetensors_header(as_bytes(file.header), file.size_bytes);
  REQUIRE(read);
  CHECK(read->data_begin % 8 == 0);
  CHECK(read->tensors == file.tensors);
}

TEST_CASE("safetensors_layout: files are filled in the order given", "[convert][write]") {
  const auto layout = lay_out_safetensors({tensor("d", 10), tensor("c", 40), tensor("large", 500),
                                           tensor("b", 1), tensor("a", 49), tensor("z", 1)},
                                          /*file_bytes_max=*/100);
  REQUIRE(layout);
  CHECK(file_names(*layout) == std::vector<std::string>{"model-00001-of-00004.safetensors",
                                                        "model-00002-of-00004.safetensors",
                                                        "model-00003-of-00004.safetensors",
                                                        "model-00004-of-00004.safetensors"});
  CHECK(layout->index_json == R"({
  "metadata": {
    "total_size": 1202
  },
  "weight_map": {
    "a": "model-00003-of-00004.safetensors",
    "b": "model-00003-of-00004.safetensors",
    "c": "model-00001-of-00004.safetensors",
    "d": "model-00001-of-00004.safetensors",
    "large": "model-00002-of-00004.safetensors",
    "z": "model-00004-of-00004.safetensors"
  }
}
)");
  for (const auto& [name, place] : layout->places) {
    const auto& file = layout->files[place.file];
    CHECK(file.tensors[place.tensor].name == name);
    const auto read = model::parse_safetensors_header(as_bytes(file.header), file.size_bytes);
    REQUIRE(read);
    CHECK(read->tensors == file.tensors);
  }
}

TEST_CASE("safetensors_layout: what is refused", "[convert][write]") {
  CHECK(refused({}));
  CHECK(refused({tensor("a", 1), tensor("b", 1), tensor("a", 2)}));
  CHECK(refused({tensor("", 1)}));
  CHECK(refused({tensor("__metadata__", 1)}));
  CHECK(refused({tensor("a\nb", 1)}));
  CHECK(refused({tensor("a\xff", 1)}));
  CHECK(refused({tensor(std::string(513, 'a'), 1)}));
  CHECK_FALSE(refused({tensor(std::string(512, 'a'), 1)}));
  CHECK(refused({{"a", Dtype::ggml_block, {1}}}));
  CHECK(refused({{"a", Dtype::f4, {3}}}));
  CHECK_FALSE(refused({{"a", Dtype::f4, {4}}}));
  CHECK(refused({{"a", Dtype::f32, {1, 1, 1, 1, 1, 1, 1, 1, 1}}}));
  CHECK(refused({{"a", Dtype::f32, {std::uint64_t{1} << 40, std::uint64_t{1} << 40}}}));
  CHECK(refused({{"a", Dtype::f32, {std::uint64_t{1} << 60}}}));
  CHECK(refused({tensor("a", std::uint64_t{3} << 50), tensor("b", std::uint64_t{3} << 50)}));
  CHECK_FALSE(refused({{"a", Dtype::f32, {0, std::uint64_t{1} << 52}}}));
}

}  // namespace waag::convert::testing
