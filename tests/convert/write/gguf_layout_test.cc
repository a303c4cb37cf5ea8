#include "convert/write/gguf_layout.h"

#include <catch2/catch.hpp>

#include "protocol/model/gguf_header.h"

namespace waag::convert::testing {
namespace {

const std::vector<GgufTensor> three{
    {.name = "token_embd.weight", .shape = {3, 256}, .type = TensorType::q4_k},
    {.name = "blk.0.attn_norm.weight", .shape = {7}, .type = TensorType::f32},
    {.name = "blk.0.ffn_up_exps.weight", .shape = {2, 5, 32}, .type = TensorType::q8_0}};

GgufEntries all_kinds() {
  return {{"general.architecture", std::string("llama")},
          {"u16", std::uint16_t{65535}},
          {"u32", std::uint32_t{4294967295}},
          {"i32", std::int32_t{-7}},
          {"u64", std::uint64_t{1} << 63},
          {"f32", 1e-6f},
          {"yes", true},
          {"no", false},
          {"texts", std::vector<std::string>{"", "b", "\xe2\x96\x81"}},
          {"i32s", std::vector<std::int32_t>{1, -1}},
          {"u32s", std::vector<std::uint32_t>{1, 2, 3}},
          {"f32s", std::vector<float>{0.5f}},
          {"none", std::vector<float>{}}};
}

std::vector<GgufFile> lay_out(const GgufEntries& entries, const std::vector<GgufTensor>& tensors,
                              std::uint64_t split_bytes = gguf_split_bytes_default) {
  auto files = layout_gguf("dir/m", entries, tensors, split_bytes);
  if (!files) FAIL(files.error().what);
  return *std::move(files);
}

model::GgufHeader reread(const GgufFile& file) {
  const auto parsed = model::parse_gguf_header(file.header, file.size_bytes);
  if (!parsed) FAIL(parsed.error().what);
  const auto* header = std::get_if<model::GgufHeader>(&*parsed);
  REQUIRE(header != nullptr);
  CHECK(header->data_begin == file.header.size());
  return *header;
}

/// What the header says of its tensors is what `file` says, and nothing lies between them.
void check_places(const GgufFile& file, const std::vector<GgufTensor>& tensors) {
  const auto header = reread(file);
  REQUIRE(header.tensors.size() == file.tensors.size());
  std::uint64_t offset = file.header.size();
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const auto& place = file.tensors[i];
    const auto& tensor = tensors[place.tensor];
    CAPTURE(tensor.name);
    CHECK(header.tensors[i].name == tensor.name);
    CHECK(header.tensors[i].begin == place.offset_bytes);
    CHECK(header.tensors[i].end == place.offset_bytes + place.size_bytes);
    CHECK(place.offset_bytes == offset);
    CHECK(place.padded_bytes % 32 == 0);
    CHECK(place.padded_bytes - place.size_bytes < 32);
    offset += place.padded_bytes;
  }
  CHECK(file.size_bytes == offset);
}

template <class T>
void check_pair(const model::GgufHeader& header, const char* key, model::GgufType type, T value) {
  CAPTURE(key);
  const auto* pair = header.find(key);
  REQUIRE(pair != nullptr);
  CHECK(pair->type == type);
  const auto* found = std::get_if<T>(&pair->value);
  REQUIRE(found != nullptr);
  CHECK(*found == value);
}

}  // namespace

TEST_CASE("gguf_layout: what is written is what the parser reads", "[convert][write][gguf]") {
  const auto files = lay_out(all_kinds(), three);
  REQUIRE(files.size() == 1);
  CHECK(files[0].name == "dir/m.gguf");
  check_places(files[0], three);
  CHECK(files[0].tensors[0].size_bytes == 3 * 144);
  CHECK(files[0].tensors[1].size_bytes == 28);
  CHECK(files[0].tensors[2].size_bytes == 2 * 5 * 34);
  const auto header = reread(files[0]);
  CHECK(header.version == 3);
  CHECK(header.pairs.size() == all_kinds().size());
  check_pair(header, "general.architecture", model::GgufType::string, std::string("llama"));
  check_pair(header, "u16", model::GgufType::u16, std::uint64_t{65535});
  check_pair(header, "u32", model::GgufType::u32, std::uint64_t{4294967295});
  check_pair(header, "i32", model::GgufType::i32, std::int64_t{-7});
  check_pair(header, "u64", model::GgufType::u64, std::uint64_t{1} << 63);
  check_pair(header, "f32", model::GgufType::f32, static_cast<double>(1e-6f));
  check_pair(header, "yes", model::GgufType::boolean, true);
  check_pair(header, "no", model::GgufType::boolean, false);
  CHECK(header.find("texts")->element == model::GgufType::string);
  CHECK(header.find("texts")->count == 3);
  CHECK(header.find("i32s")->element == model::GgufType::i32);
  CHECK(header.find("u32s")->count == 3);
  CHECK(header.find("f32s")->element == model::GgufType::f32);
  CHECK(header.find("none")->count == 0);
}

TEST_CASE("gguf_layout: dimensions are turned around", "[convert][write][gguf]") {
  const auto files = lay_out({}, {{.name = "t", .shape = {2, 3, 64}, .type = TensorType::f16}});
  const auto bytes = as_text(files[0].header);
  const auto at = bytes.find("t", 24);
  ByteReader reader(ByteView(files[0].header).subspan(at + 1));
  CHECK(reader.fixed<std::uint32_t>() == 3);
  CHECK(reader.fixed<std::uint64_t>() == 64);
  CHECK(reader.fixed<std::uint64_t>() == 3);
  CHECK(reader.fixed<std::uint64_t>() == 2);
  CHECK(reader.fixed<std::uint32_t>() == 1);
  CHECK(reader.fixed<std::uint64_t>() == 0);
}

TEST_CASE("gguf_layout: parts", "[convert][write][gguf]") {
  // 448 + 32 + 352 bytes with their padding.
  const auto files = lay_out({{"general.architecture", std::string("llama")}}, three, 480);
  REQUIRE(files.size() == 2);
  CHECK(files[0].name == "dir/m-00001-of-00002.gguf");
  CHECK(files[1].name == "dir/m-00002-of-00002.gguf");
  CHECK(files[0].tensors.size() == 2);
  for (std::size_t part = 0; part < 2; ++part) {
    check_places(files[part], three);
    const auto header = reread(files[part]);
    check_pair(header, "split.no", model::GgufType::u16, std::uint64_t{part});
    check_pair(header, "split.count", model::GgufType::u16, std::uint64_t{2});
    check_pair(header, "split.tensors.count", model::GgufType::i32, std::int64_t{3});
    CHECK((header.find("general.architecture") != nullptr) == (part == 0));
  }
  CHECK(files[1].tensors[0].tensor == 2);
  CHECK(lay_out({}, three, 479)[0].tensors.size() == 1);
  CHECK(lay_out({}, three, 479).size() == 2);
  CHECK(lay_out({}, three, 383).size() == 3);
  CHECK(lay_out({}, three, 1).size() == 3);  // a tensor is never cut
  CHECK(lay_out({}, three, 832).size() == 1);
  CHECK(lay_out({}, {}).size() == 1);
}

TEST_CASE("gguf_layout: what is refused", "[convert][write][gguf]") {
  const auto refused = [](GgufTensor tensor) {
    CAPTURE(tensor.name);
    const auto files = layout_gguf("m", {}, {std::move(tensor)});
    REQUIRE_FALSE(files);
    CHECK(files.error().code == Errc::unprocessable);
  };
  const auto name = [](std::size_t size) { return std::string(size, 'n'); };
  CHECK(layout_gguf("m", {}, {{.name = name(63), .shape = {1}}}));
  refused({.name = name(64), .shape = {1}});
  CHECK(layout_gguf("m", {}, {{.name = "t", .shape = {1, 1, 1, 1}}}));
  refused({.name = "t", .shape = {1, 1, 1, 1, 1}});
  refused({.name = "t", .shape = {4, 255}, .type = TensorType::q4_k});
  refused({.name = "t", .shape = {32, 31}, .type = TensorType::q8_0});
  const auto big = std::uint64_t{1} << 32;
  refused({.name = "t", .shape = {big, big}, .type = TensorType::f32});
  refused({.name = "t", .shape = {big, big, big}, .type = TensorType::f32});
  const std::vector<GgufTensor> many(10'000, {.name = "t", .shape = {32}});
  const auto parts = layout_gguf("m", {}, many, 1);
  REQUIRE_FALSE(parts);
  CHECK(parts.error().code == Errc::unprocessable);
  CHECK(layout_gguf("m", {}, {many.begin(), many.begin() + 9999}, 1)->back().name ==
        "m-09999-of-09999.gguf");
}

}  // namespace waag::convert::testing
