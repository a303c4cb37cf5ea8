#include "convert/recipe/recipe.h"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/convert/recipe/fake_model.h"

namespace waag::convert::testing {
namespace {

using enum TensorType;

constexpr std::string_view mixes[] = {
    "Q8_0",   "Q4_0",   "Q4_1",   "Q5_0",   "Q5_1",   "Q2_K", "Q2_K_S", "Q3_K_S", "Q3_K_M",
    "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4_MOE"};

struct Golden {
  FakeModel::Form form;
  std::uint32_t digests[2 * std::size(mixes)];  // of each mix without and with an imatrix
};

// Types that llama_model_quantize of llama.cpp (v0.5.0 of its bindings, 2026-08) gave these models'
// tensors, all of them.
const Golden goldens[] = {
    {{.name = "llama 32 gqa4", .architecture = "llama", .blocks = 32, .heads = 32, .key_heads = 8},
     {0x4065d9ac, 0x4065d9ac, 0x62ca853a, 0xaba1a526, 0x9cf60e63, 0x9cf60e63,
      0x65871e97, 0xdd5b6808, 0x12ea2428, 0x12ea2428, 0xc66b6500, 0xc66b6500,
      0,          0x295acc87, 0x5083033e, 0x5083033e, 0xd5c39226, 0xd5c39226,
      0x6937e81a, 0x6937e81a, 0x6ef017ff, 0x6ef017ff, 0xb9505770, 0xb9505770,
      0x5545182f, 0x5545182f, 0x34714b62, 0x34714b62, 0xfede9e5d, 0xfede9e5d,
      0x445d5ff8, 0xd99bac21, 0xf4b8adff, 0x1688008b, 0x4065d9ac, 0x4065d9ac}},
    {{.name = "llama 32 gqa1", .architecture = "llama", .blocks = 32, .heads = 32, .key_heads = 32},
     {0x4065d9ac, 0x4065d9ac, 0x62ca853a, 0xaba1a526, 0x9cf60e63, 0x9cf60e63,
      0x65871e97, 0xdd5b6808, 0x12ea2428, 0x12ea2428, 0x1fb210e2, 0x1fb210e2,
      0,          0x874e193e, 0x5083033e, 0x5083033e, 0xd5c39226, 0xd5c39226,
      0x6937e81a, 0x6937e81a, 0x6ef017ff, 0x6ef017ff, 0xb9505770, 0xb9505770,
      0x5545182f, 0x5545182f, 0x34714b62, 0x34714b62, 0xfede9e5d, 0xfede9e5d,
      0xa8ddb114, 0x2441d757, 0xc3d483a8, 0xce597937, 0x4065d9ac, 0x4065d9ac}},
    {{.name = "llama 80 gqa8", .architecture = "llama", .blocks = 80, .heads = 64, .key_heads = 8},
     {0xd00cd192, 0xd00cd192, 0x95e9d1b4, 0xb1787367, 0xcf833445, 0xcf833445,
      0x5d5e8fd3, 0x4fac3e40, 0x88255c2c, 0x88255c2c, 0x952aac14, 0x952aac14,
      0,          0x384c89bc, 0x9d0d4033, 0x9d0d4033, 0xf0bd5936, 0xf0bd5936,
      0x444e8093, 0x444e8093, 0x9d766e33, 0x9d766e33, 0x6545ff57, 0x6545ff57,
      0x1c9b1581, 0x1c9b1581, 0x6978e1e7, 0x6978e1e7, 0xf3f10d5d, 0xf3f10d5d,
      0x56cfdd57, 0xc82c2696, 0x6b331a91, 0x3aa3c374, 0xd00cd192, 0xd00cd192}},
    {{.name = "llama 80 gqa1", .architecture = "llama", .blocks = 80, .heads = 64, .key_heads = 64},
     {0xd00cd192, 0xd00cd192, 0x95e9d1b4, 0xb1787367, 0xcf833445, 0xcf833445,
      0x5d5e8fd3, 0x4fac3e40, 0x88255c2c, 0x88255c2c, 0x933ec013, 0x933ec013,
      0,          0x050325ff, 0x8ebd4f36, 0x8ebd4f36, 0xf21ca330, 0xf21ca330,
      0x444e8093, 0x444e8093, 0x65b67d69, 0x65b67d69, 0x337e6be3, 0x337e6be3,
      0x1c9b1581, 0x1c9b1581, 0x6978e1e7, 0x6978e1e7, 0xf3f10d5d, 0xf3f10d5d,
      0x899d0820, 0x552580da, 0x58f9a966, 0xe64f4d6d, 0xd00cd192, 0xd00cd192}},
    {{.name = "llama 22 gqa8 tied",
      .architecture = "llama",
      .blocks = 22,
      .heads = 32,
      .key_heads = 4,
      .is_tied = true},
     {0x224e67c5, 0x224e67c5, 0xd169cbe3, 0x5ea5e9b8, 0x7340c8bf, 0x7340c8bf,
      0x90a7e14f, 0xe281bc6e, 0x02311712, 0x02311712, 0xa4601ce7, 0xa4601ce7,
      0,          0x15c8b933, 0xe7385f07, 0xe7385f07, 0x057ca208, 0x057ca208,
      0x0dacec03, 0x0dacec03, 0x0c830961, 0x0c830961, 0xf577b35d, 0xf577b35d,
      0x306607c4, 0x306607c4, 0x6d897d98, 0x6d897d98, 0x1d860782, 0x1d860782,
      0x5b60aa7b, 0xc7287bd0, 0xc017ce2c, 0xd90d48a5, 0x224e67c5, 0x224e67c5}},
    {{.name = "llama 5 gqa3", .architecture = "llama", .blocks = 5, .heads = 24, .key_heads = 8},
     {0x01031b4e, 0x01031b4e, 0x6e3c2ece, 0x6e3c2ece, 0x9855b79e, 0x9855b79e,
      0x21f61cf9, 0x21f61cf9, 0x566cdc08, 0x566cdc08, 0x59c85827, 0x59c85827,
      0,          0xdae24b7b, 0xe2218fc8, 0xe2218fc8, 0x9402c8a0, 0x9402c8a0,
      0xf7c652ca, 0xf7c652ca, 0xb0ad11d6, 0xb0ad11d6, 0x972ce541, 0x972ce541,
      0xee5e533f, 0xee5e533f, 0x87775d39, 0x87775d39, 0xfdfe7775, 0xfdfe7775,
      0xd503c6e4, 0xd503c6e4, 0xf932db00, 0xf932db00, 0x01031b4e, 0x01031b4e}},
    {{.name = "mixtral",
      .architecture = "llama",
      .blocks = 32,
      .heads = 32,
      .key_heads = 8,
      .experts = 8},
     {0x9b4d8f90, 0x9b4d8f90, 0xedf1338b, 0x79b2ade6, 0xcec475fb, 0xcec475fb,
      0x7a907455, 0xaabf5e89, 0xed3ce80b, 0xed3ce80b, 0x3a3befb9, 0x3a3befb9,
      0,          0x94a6cfe3, 0xa6826a56, 0xa6826a56, 0x5f8df880, 0x5f8df880,
      0x5b2841eb, 0x5b2841eb, 0xdbf64346, 0xdbf64346, 0x5680c0cb, 0x5680c0cb,
      0x774ed579, 0x774ed579, 0xcdafc6e4, 0xcdafc6e4, 0x46581097, 0x46581097,
      0x2f7dd0c3, 0xd68f8854, 0xb39d35a9, 0xbdcaae6c, 0x32a6309d, 0x32a6309d}},
    {{.name = "llama 16 experts",
      .architecture = "llama",
      .blocks = 24,
      .heads = 32,
      .key_heads = 8,
      .experts = 16},
     {0x4ef38df9, 0x4ef38df9, 0xa62528bd, 0xcef79f67, 0xa42f7085, 0xa42f7085,
      0x8018e9eb, 0x9e65f549, 0x110d2baa, 0x110d2baa, 0x31ed838e, 0x31ed838e,
      0,          0xdce49c8c, 0x849b8c0c, 0x849b8c0c, 0x6c4b855e, 0x6c4b855e,
      0x742c1678, 0x742c1678, 0xb7783ff1, 0xb7783ff1, 0x878aea8e, 0x878aea8e,
      0x9415d864, 0x9415d864, 0xa23edc20, 0xa23edc20, 0x1803b31f, 0x1803b31f,
      0xa24c39c0, 0x3a63752c, 0x0309c2d1, 0x2852cb5a, 0x8b062ed7, 0x8b062ed7}},
    {{.name = "qwen2 24 896 tied",
      .architecture = "qwen2",
      .blocks = 24,
      .heads = 14,
      .key_heads = 2,
      .columns = 896,
      .down_columns = 4864,
      .is_tied = true},
     {0x8f88d46e, 0x8f88d46e, 0x709a22f8, 0x28e8e8be, 0x00c73adb, 0x00c73adb,
      0x8cbd8275, 0xc5e7a9de, 0x155868ee, 0x155868ee, 0x5cfa7fb3, 0x5cfa7fb3,
      0,          0xfcd2c56b, 0x2278f72c, 0x2278f72c, 0x150bdb42, 0x150bdb42,
      0x9ed87f89, 0x9ed87f89, 0x589c3885, 0x589c3885, 0xbcccaca9, 0xbcccaca9,
      0x9ce4ea2a, 0x9ce4ea2a, 0x14ee5f04, 0x14ee5f04, 0xe73ea2a6, 0xe73ea2a6,
      0xe6020273, 0x9ee1e23b, 0x15315ae0, 0x0ba0c68b, 0x8f88d46e, 0x8f88d46e}},
    {{.name = "qwen2 28", .architecture = "qwen2", .blocks = 28, .heads = 28, .key_heads = 4},
     {0x302c4488, 0x302c4488, 0x82695df7, 0x3b8febf2, 0x0f4ee2ce, 0x0f4ee2ce,
      0x21ca5b06, 0x4dcf6d72, 0x172f9bc3, 0x172f9bc3, 0x83a1709c, 0x83a1709c,
      0,          0x8cc2eff7, 0xa52abd6e, 0xa52abd6e, 0x641af544, 0x641af544,
      0xd95baac0, 0xd95baac0, 0xd1cbcd25, 0xd1cbcd25, 0x7a298afc, 0x7a298afc,
      0x75a0c4f3, 0x75a0c4f3, 0x802e29ca, 0x802e29ca, 0xd25dec33, 0xd25dec33,
      0xa5db1b76, 0x6638d469, 0x7ba31c0d, 0xc4539706, 0x302c4488, 0x302c4488}},
    {{.name = "qwen2 80", .architecture = "qwen2", .blocks = 80, .heads = 64, .key_heads = 8},
     {0xfa669e78, 0xfa669e78, 0xdf8c04c1, 0xa06bc7db, 0xfdc6d4a7, 0xfdc6d4a7,
      0xbbfb74e8, 0x24329b52, 0x917289a3, 0x917289a3, 0x001a6be8, 0x001a6be8,
      0,          0x71a77f6b, 0x28760366, 0x28760366, 0x481a570d, 0x481a570d,
      0xfca7ef01, 0xfca7ef01, 0x0389a30f, 0x0389a30f, 0x59ff3bbf, 0x59ff3bbf,
      0x25afb8b8, 0x25afb8b8, 0xa36055dd, 0xa36055dd, 0x2ff46129, 0x2ff46129,
      0xa907b2aa, 0x85e1e2c3, 0x6f928e65, 0x3d468418, 0xfa669e78, 0xfa669e78}},
    {{.name = "qwen2 columns 80",
      .architecture = "qwen2",
      .blocks = 8,
      .heads = 8,
      .key_heads = 8,
      .columns = 80,
      .down_columns = 80},
     {0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012,
      0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012,
      0,          0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012,
      0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012,
      0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012,
      0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012, 0x508db012}},
    {{.name = "qwen2 896",
      .architecture = "qwen2",
      .blocks = 24,
      .heads = 14,
      .key_heads = 2,
      .columns = 896,
      .down_columns = 4864},
     {0x88378bb3, 0x88378bb3, 0xbaa9b2fd, 0x3fb0de33, 0x28942912, 0x28942912,
      0x83ae1f2d, 0xf45376c6, 0xba98d4e4, 0xba98d4e4, 0xdc4b2ca3, 0xdc4b2ca3,
      0,          0x40976960, 0x29a7ad02, 0x29a7ad02, 0x90f46f66, 0x90f46f66,
      0x929eec1a, 0x929eec1a, 0xdc10165b, 0xdc10165b, 0xfe483001, 0xfe483001,
      0xf4a06fbc, 0xf4a06fbc, 0x5072b5a0, 0x5072b5a0, 0x076e5c9e, 0x076e5c9e,
      0x0de0a6f5, 0x908ccee7, 0x7b282729, 0x7b9d8bf4, 0x88378bb3, 0x88378bb3}},
    {{.name = "qwen3 36", .architecture = "qwen3", .blocks = 36, .heads = 32, .key_heads = 8},
     {0x5e48c161, 0x5e48c161, 0xb4db3bf8, 0x5148f3c9, 0x68720ac9, 0x68720ac9,
      0xdeb8ae8e, 0x31e136a8, 0x51f464ae, 0x51f464ae, 0xf1e348d6, 0xf1e348d6,
      0,          0xedf11612, 0x65594892, 0x65594892, 0x9adabe55, 0x9adabe55,
      0xc8669f9d, 0xc8669f9d, 0xde6fff81, 0xde6fff81, 0xdc791c02, 0xdc791c02,
      0xa9c06096, 0xa9c06096, 0x8fbc4346, 0x8fbc4346, 0xe6440bc5, 0xe6440bc5,
      0x7a15d060, 0x1187f85a, 0xa025a044, 0x9492d648, 0x5e48c161, 0x5e48c161}},
    {{.name = "qwen2moe",
      .architecture = "qwen2moe",
      .blocks = 24,
      .heads = 16,
      .key_heads = 16,
      .experts = 60,
      .has_shared_expert = true},
     {0x4af998a2, 0x4af998a2, 0x1f9c639c, 0x81cfe987, 0x72f539de, 0x72f539de,
      0x87959bbd, 0x83ecc347, 0x1ec963d6, 0x1ec963d6, 0xd283dfc0, 0xd283dfc0,
      0,          0xcf85daf1, 0xc7dde40d, 0xc7dde40d, 0x2c04770f, 0x2c04770f,
      0x1d6b7286, 0x1d6b7286, 0xdc24f373, 0xdc24f373, 0x18fd7d79, 0x18fd7d79,
      0xa47f4082, 0xa47f4082, 0x33377c3b, 0x33377c3b, 0x3b24ea02, 0x3b24ea02,
      0xe476a4a3, 0x8b6b2b75, 0x84561907, 0xe59306e9, 0x6c0acd65, 0x6c0acd65}},
    {{.name = "qwen3moe",
      .architecture = "qwen3moe",
      .blocks = 48,
      .heads = 32,
      .key_heads = 4,
      .experts = 128,
      .down_columns = 768},
     {0x87bdfa5e, 0x87bdfa5e, 0xef733c6f, 0x107141e4, 0x74fd67f0, 0x74fd67f0,
      0x02c43d9c, 0xb7590fb3, 0xe8a4bf00, 0xe8a4bf00, 0x50902da0, 0x50902da0,
      0,          0xff917794, 0x98318984, 0x98318984, 0x62c95549, 0x62c95549,
      0xea4bc116, 0xea4bc116, 0x0cf004e5, 0x0cf004e5, 0x3cbce372, 0x3cbce372,
      0xb2844762, 0xb2844762, 0x683e9084, 0x683e9084, 0x752970a4, 0x752970a4,
      0xc48704e1, 0x27f8c78b, 0x64c2e1ce, 0x3d7ede6c, 0xccd7fdbb, 0xccd7fdbb}},
    {{.name = "qwen3moe 8",
      .architecture = "qwen3moe",
      .blocks = 8,
      .heads = 32,
      .key_heads = 4,
      .experts = 8},
     {0x68ef00bd, 0x68ef00bd, 0x1e674b97, 0xdee462fc, 0x5b319b80, 0x5b319b80,
      0x7fce85f3, 0xa7e7dd80, 0x864c5e08, 0x864c5e08, 0xea714f35, 0xea714f35,
      0,          0x95dd5c96, 0x9fba7e72, 0x9fba7e72, 0x93cf3306, 0x93cf3306,
      0xac619bbf, 0xac619bbf, 0xb9a7dfa9, 0xb9a7dfa9, 0x2fbfdae6, 0x2fbfdae6,
      0x823ce3f3, 0x823ce3f3, 0x44a01fe0, 0x44a01fe0, 0xa5eb2c1e, 0xa5eb2c1e,
      0x7bc7481b, 0xc5f156e7, 0xe680c08d, 0xc357f816, 0x907b8076, 0x907b8076}},
    {{.name = "deepseek2 lite",
      .architecture = "deepseek2",
      .blocks = 27,
      .heads = 16,
      .key_heads = 1,
      .experts = 64,
      .dense_blocks = 1,
      .has_shared_expert = true},
     {0x4a1c0b71, 0x4a1c0b71, 0xec7148b7, 0xcd3cc58b, 0x8ada3166, 0x8ada3166,
      0xa3ed0421, 0x92ed3335, 0x87a8b944, 0x87a8b944, 0xe49aa3fb, 0xe49aa3fb,
      0,          0x28bece97, 0xfe9e6df2, 0xfe9e6df2, 0x44488e53, 0x44488e53,
      0x5f1cfa31, 0x5f1cfa31, 0xed24ea97, 0xed24ea97, 0xc459063e, 0xc459063e,
      0x910b5ca2, 0x910b5ca2, 0xd9fb3473, 0xd9fb3473, 0x7ae6838f, 0x7ae6838f,
      0x0061383e, 0x2d7d5a68, 0xd8d453c2, 0xc2031940, 0x53393e55, 0x53393e55}},
    {{.name = "deepseek2",
      .architecture = "deepseek2",
      .blocks = 61,
      .heads = 4,
      .key_heads = 1,
      .experts = 16,
      .dense_blocks = 3,
      .has_shared_expert = true,
      .has_query_rank = true},
     {0x9fe4f8fc, 0x9fe4f8fc, 0x57601155, 0xdbb54791, 0x6eb57ee0, 0x6eb57ee0,
      0x32da1f79, 0x5163cd08, 0xc4a69a8f, 0xc4a69a8f, 0xfcd14238, 0xfcd14238,
      0,          0x1e0d1806, 0x3fe74802, 0x3fe74802, 0xe2d8bcc8, 0xe2d8bcc8,
      0x1d203c72, 0x1d203c72, 0x7ad955db, 0x7ad955db, 0x285401ea, 0x285401ea,
      0xba676a23, 0xba676a23, 0x1da34794, 0x1da34794, 0x9efe8ae6, 0x9efe8ae6,
      0x3a93aed6, 0x72ce6626, 0x99c0b530, 0x00c355ab, 0xc2189fc4, 0xc2189fc4}},
};

/// First four bytes of the SHA-256 of the types' numbers, one byte each.
std::uint32_t digest_of(const std::vector<TensorType>& types) {
  Bytes bytes;
  for (const auto type : types) bytes.push_back(static_cast<std::byte>(type));
  Sha256 hash;
  hash.update(bytes);
  const auto id = hash.finish();
  return static_cast<std::uint32_t>(std::stoul(id.hex().substr(0, 8), nullptr, 16));
}

std::string block(std::uint64_t number, const std::string& name) {
  return "blk." + std::to_string(number) + "." + name + ".weight";
}

const FakeModel dense({.architecture = "llama", .blocks = 32, .heads = 32, .key_heads = 8});
const FakeModel ungrouped({.architecture = "llama", .blocks = 32, .heads = 32, .key_heads = 32});
const FakeModel mixtral(
    {.architecture = "llama", .blocks = 32, .heads = 32, .key_heads = 8, .experts = 8});
const FakeModel large({.architecture = "llama", .blocks = 80, .heads = 64, .key_heads = 8});
const FakeModel tied({.architecture = "qwen2",
                      .blocks = 24,
                      .heads = 14,
                      .key_heads = 2,
                      .columns = 896,
                      .down_columns = 4864,
                      .is_tied = true});

/// The mixes without a special rule for `name`, where it has the base's type.
void check_base(const FakeModel& model, const std::string& name,
                std::initializer_list<std::string_view> special) {
  for (const auto& recipe : recipes()) {
    if (recipe.base == mxfp4 || recipe.base == f32 || recipe.base == f16 || recipe.base == bf16)
      continue;
    if (std::ranges::find(special, recipe.name) != special.end()) continue;
    CAPTURE(name, recipe.name);
    CHECK(model.type_of(name, recipe.name) == recipe.base);
  }
}

}  // namespace

TEST_CASE("recipe: every type is the one that llama-quantize gives", "[convert][recipe]") {
  for (const auto& golden : goldens) {
    const FakeModel model(golden.form);
    for (std::size_t i = 0; i < std::size(golden.digests); ++i) {
      if (golden.digests[i] == 0) continue;  // it refuses this one without an imatrix
      CAPTURE(golden.form.name, mixes[i / 2], i % 2);
      CHECK(digest_of(model.types(mixes[i / 2], i % 2 == 1)) == golden.digests[i]);
    }
  }
}

TEST_CASE("recipe: names and numbers", "[convert][recipe]") {
  std::map<std::uint32_t, int> file_types;
  for (const auto& recipe : recipes()) {
    CAPTURE(recipe.name);
    CHECK(++file_types[recipe.file_type] == 1);
    CHECK(find_recipe(recipe.name)->file_type == recipe.file_type);
    CHECK(recipe.needs_importance == (recipe.name == "Q2_K_S"));
  }
  CHECK(recipes().size() == 21);
  CHECK(find_recipe("q4_k_m")->file_type == 15);
  CHECK(find_recipe("mxfp4")->file_type == 38);
  CHECK(find_recipe("bf16")->base == bf16);
  const auto unknown = find_recipe("Q4_K_XL");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::invalid_argument);
  CHECK(unknown.error().what.find("Q4_K_XL") != std::string::npos);
  CHECK(unknown.error().what.find("IQ4_XS") != std::string::npos);
}

TEST_CASE("recipe: no mix where nothing is quantized", "[convert][recipe]") {
  for (const auto& [mix, type] :
       {std::pair("F32", f32), std::pair("F16", f16), std::pair("BF16", bf16)})
    for (const auto* name : {"output.weight", "token_embd.weight", "blk.0.attn_v.weight"}) {
      CHECK(dense.type_of(name, mix) == type);
      CHECK(dense.type_of("output_norm.weight", mix) == f32);
    }
}

TEST_CASE("recipe: the output matrix, and the embedding that is one", "[convert][recipe]") {
  for (const auto& recipe : recipes()) {
    if (block_of(recipe.base).block_elements == 1) continue;
    CAPTURE(recipe.name);
    const auto expected = recipe.base == q8_0 || recipe.base == mxfp4 ? q8_0 : q6_k;
    CHECK(dense.type_of("output.weight", recipe.name) == expected);
    CHECK(dense.type_of("token_embd.weight", recipe.name) ==
          (recipe.base == mxfp4 ? q8_0 : recipe.base));
    // 896 columns are no whole number of 256: what would be Q6_K is Q8_0.
    CHECK(tied.type_of("token_embd.weight", recipe.name) == q8_0);
  }
}

TEST_CASE("recipe: values", "[convert][recipe]") {
  const auto name = [](std::uint64_t number) { return block(number, "attn_v"); };
  CHECK(dense.type_of(name(9), "Q2_K") == q4_k);
  CHECK(ungrouped.type_of(name(9), "Q2_K") == q3_k);
  CHECK(dense.type_of(name(9), "Q2_K_S") == q4_k);
  CHECK(ungrouped.type_of(name(9), "Q2_K_S") == q2_k);
  CHECK(dense.type_of(name(1), "Q3_K_M") == q5_k);
  CHECK(dense.type_of(name(2), "Q3_K_M") == q4_k);
  CHECK(dense.type_of(name(31), "Q3_K_L") == q5_k);
  CHECK(dense.type_of(name(3), "Q4_K_S") == q5_k);
  CHECK(dense.type_of(name(4), "Q4_K_S") == q4_k);
  for (const auto* mix : {"IQ4_NL", "IQ4_XS"}) {
    CHECK(dense.type_of(name(9), mix) == q5_k);
    CHECK(ungrouped.type_of(name(9), mix) == find_recipe(mix)->base);
  }
  check_base(dense, name(17), {"Q2_K", "Q2_K_S", "Q3_K_M", "Q3_K_L", "IQ4_NL", "IQ4_XS"});
  CHECK(large.type_of(name(40), "Q4_K_S") == q5_k);
  CHECK(large.type_of(name(40), "Q3_K_S") == q5_k);
  CHECK(large.type_of(name(40), "Q2_K") == q5_k);
  for (const auto& recipe : recipes()) {
    if (block_of(recipe.base).block_elements == 1) continue;
    CAPTURE(recipe.name);
    CHECK(mixtral.type_of(name(9), recipe.name) == q8_0);
    CHECK(mixtral.type_of(block(9, "attn_k"), recipe.name) == q8_0);
  }
}

TEST_CASE("recipe: half of the layers get more bits", "[convert][recipe]") {
  const std::vector<std::uint64_t> raised{0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
  for (std::uint64_t number = 0; number < 32; ++number) {
    const bool is_raised = std::ranges::find(raised, number) != raised.end();
    CAPTURE(number);
    for (const auto* mix : {"Q4_K_M", "Q5_K_M"})
      for (const auto* name : {"attn_v", "ffn_down"})
        CHECK(dense.type_of(block(number, name), mix) ==
              (is_raised ? q6_k : find_recipe(mix)->base));
  }
}

TEST_CASE("recipe: the way down", "[convert][recipe]") {
  const auto name = [](std::uint64_t number) { return block(number, "ffn_down"); };
  CHECK(dense.type_of(name(31), "Q2_K") == q3_k);
  CHECK(dense.type_of(name(3), "Q2_K_S", true) == q4_k);
  CHECK(dense.type_of(name(4), "Q2_K_S", true) == q2_k);
  CHECK(dense.type_of(name(1), "Q3_K_M") == q5_k);
  CHECK(dense.type_of(name(2), "Q3_K_M") == q4_k);
  CHECK(dense.type_of(name(31), "Q3_K_L") == q5_k);
  CHECK(dense.type_of(name(3), "Q4_K_S") == q5_k);
  CHECK(dense.type_of(name(4), "Q4_K_S") == q4_k);
  for (const auto& [mix, first] : {std::pair("Q4_0", q4_1), std::pair("Q5_0", q5_1)}) {
    CHECK(dense.type_of(name(3), mix, true) == first);
    CHECK(dense.type_of(name(3), mix) == find_recipe(mix)->base);
    CHECK(dense.type_of(name(4), mix, true) == find_recipe(mix)->base);
  }
  for (const auto* mix : {"IQ4_NL", "IQ4_XS"}) {
    CHECK(dense.type_of(name(3), mix) == q5_k);
    CHECK(dense.type_of(name(3), mix, true) == find_recipe(mix)->base);
  }
  check_base(dense, name(17), {"Q2_K", "Q3_K_M", "Q3_K_L"});
}

TEST_CASE("recipe: what leaves attention", "[convert][recipe]") {
  const auto name = block(9, "attn_output");
  CHECK(dense.type_of(name, "Q2_K") == q3_k);
  CHECK(dense.type_of(name, "Q3_K_M") == q4_k);
  CHECK(dense.type_of(name, "Q3_K_L") == q5_k);
  check_base(dense, name, {"Q2_K", "Q3_K_M", "Q3_K_L"});
  for (const auto* mix : {"Q2_K", "Q3_K_S", "Q3_K_M", "Q4_K_S", "Q4_K_M", "IQ4_NL", "IQ4_XS"})
    CHECK(mixtral.type_of(name, mix) == q5_k);
  CHECK(mixtral.type_of(name, "Q3_K_L") == q3_k);
  for (const auto* other : {"attn_q", "attn_k", "ffn_gate", "ffn_up"})
    check_base(dense, block(0, other), {});
}

TEST_CASE("recipe: MXFP4 is for experts", "[convert][recipe]") {
  CHECK(mixtral.type_of(block(3, "ffn_up_exps"), "MXFP4_MOE") == mxfp4);
  CHECK(mixtral.type_of(block(3, "attn_q"), "MXFP4_MOE") == q8_0);
  CHECK(mixtral.type_of(block(3, "ffn_gate_inp"), "MXFP4_MOE") == f32);
}

TEST_CASE("recipe: rows that are no whole number of blocks", "[convert][recipe]") {
  const auto up = block(0, "ffn_up");  // 896 columns
  for (const auto& [mix, type] :
       {std::pair("Q2_K", q4_0), std::pair("Q3_K_S", q4_0), std::pair("Q4_K_S", q5_0),
        std::pair("Q5_K_S", q5_1), std::pair("Q6_K", q8_0), std::pair("IQ4_XS", iq4_nl),
        std::pair("Q4_0", q4_0)})
    CHECK(tied.type_of(up, mix) == type);
  CHECK(tied.type_of(block(0, "ffn_down"), "Q6_K") == q6_k);  // 4864 of them
  const auto all = tied.types("Q5_K_S", false);
  CHECK(tied.chosen("Q5_K_S").fall_backs ==
        static_cast<std::size_t>(std::ranges::count(all, q5_1)));
  CHECK(tied.chosen("Q8_0").fall_backs == 0);
  const FakeModel odd({.architecture = "llama",
                       .blocks = 1,
                       .heads = 2,
                       .key_heads = 2,
                       .columns = 48,
                       .down_columns = 80});
  for (const auto* mix : {"Q2_K", "Q4_K_M", "Q6_K", "Q8_0", "Q4_0", "IQ4_NL"})
    CHECK(odd.type_of(up, mix) == f16);
}

}  // namespace waag::convert::testing
