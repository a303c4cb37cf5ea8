#include "protocol/model/gguf_header.h"

#include <catch2/catch.hpp>

#include "tests/vectors/gguf_builder.h"

using namespace waag;
using namespace waag::model;
using waag::test::GgufBuilder;

namespace {

constexpr std::uint64_t room = 1 << 20;  // bytes behind the header, enough for all data below

/// Parses with the whole header at hand.
Result<GgufParse> parse(const GgufBuilder& builder, std::uint64_t behind_bytes = room) {
  return parse_gguf_header(builder.header(), builder.header().size() + behind_bytes);
}

GgufHeader parsed(const GgufBuilder& builder, std::uint64_t behind_bytes = room) {
  auto result = parse(builder, behind_bytes);
  REQUIRE(result);
  REQUIRE(std::holds_alternative<GgufHeader>(*result));
  return std::get<GgufHeader>(*result);
}

bool refused(const GgufBuilder& builder, std::uint64_t behind_bytes = room) {
  const auto result = parse(builder, behind_bytes);
  return !result && result.error().code == Errc::unprocessable;
}

GgufBuilder sample() {
  GgufBuilder out;
  out.start(3, 5).pair_text("general.architecture", "llama").pair_u32("general.alignment", 64);
  out.text("tokenizer.ggml.tokens")
      .word32(9)
      .word32(8)
      .word64(3)
      .text("a")
      .text("")
      .text("\xC3\xA9");
  out.text("tokenizer.ggml.scores").word32(9).word32(6).word64(2).word32(0).word32(0);
  out.text("llama.rope.freq_base").word32(6).word32(0x461C4000);  // 10000.0
  out.tensor("output.weight", {32, 4}, 8, 0);       // Q8_0: 4 blocks of 34 bytes = 136
  out.tensor("token_embd.weight", {3, 5}, 1, 192);  // F16: 30 bytes
  out.tensor("norm", {}, 0, 256);                   // one F32
  return out;
}

}  // namespace

TEST_CASE("gguf: a whole header", "[protocol][model]") {
  const auto builder = sample();
  const auto header = parsed(builder);
  CHECK(header.version == 3);
  CHECK(header.alignment == 64);
  CHECK(header.data_begin == (builder.header().size() + 63) / 64 * 64);
  REQUIRE(header.pairs.size() == 5);
  CHECK(std::get<std::string>(header.find("general.architecture")->value) == "llama");
  CHECK(std::get<double>(header.find("llama.rope.freq_base")->value) == 10000.0);
  const auto* tokens = header.find("tokenizer.ggml.tokens");
  REQUIRE(tokens != nullptr);
  CHECK(tokens->element == GgufType::string);
  CHECK(tokens->count == 3);
  CHECK(tokens->end - tokens->begin == 3 * 8 + 3);
  CHECK(header.find("none") == nullptr);

  const auto at = header.data_begin;
  REQUIRE(header.tensors.size() == 3);
  CHECK(header.tensors[0] ==
        TensorInfo{"output.weight", Dtype::ggml_block, 8, {4, 32}, at, at + 136});
  CHECK(header.tensors[1] ==
        TensorInfo{"token_embd.weight", Dtype::f16, 1, {5, 3}, at + 192, at + 222});
  CHECK(header.tensors[2] == TensorInfo{"norm", Dtype::f32, 0, {}, at + 256, at + 260});
}

TEST_CASE("gguf: every short front says how much it needs", "[protocol][model]") {
  const auto builder = sample();
  const ByteView whole = builder.header();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto result = parse_gguf_header(whole.first(size), whole.size() + room);
    REQUIRE(result);
    REQUIRE(std::holds_alternative<GgufNeedsBytes>(*result));
    const auto needed = std::get<GgufNeedsBytes>(*result).prefix_bytes;
    CHECK(needed > size);
    CHECK(needed >= size + size / 2);
    CHECK(needed <= whole.size() + room);
    // The same bytes as a whole file are broken.
    CHECK_FALSE(parse_gguf_header(whole.first(size), size));
  }
}

TEST_CASE("gguf: tensors must end within the file", "[protocol][model]") {
  const auto builder = sample();
  const auto header = parsed(builder);
  const auto end = header.tensors.back().end;
  const auto size = builder.header().size();
  CHECK(parse_gguf_header(builder.header(), end));
  CHECK_FALSE(parse_gguf_header(builder.header(), end - 1));
  CHECK_FALSE(parse_gguf_header(builder.header(), size));
  CHECK(parsed(GgufBuilder().start(0, 0), 0).tensors.empty());
  CHECK(parsed(GgufBuilder().start(0, 0, 2), 0).version == 2);
}

TEST_CASE("gguf: scalars", "[protocol][model]") {
  GgufBuilder out;
  out.start(0, 8);
  out.text("u8").word32(0).bytes("\xFF");
  out.text("i8").word32(1).bytes("\xFF");
  out.text("i16").word32(3).bytes("\xFE\xFF");
  out.text("i32").word32(5).word32(0x80000000);
  out.text("i64").word32(11).word64(~std::uint64_t{0});
  out.text("u64").word32(10).word64(~std::uint64_t{0});
  out.text("f64").word32(12).word64(0x3FF8000000000000);
  out.text("yes").word32(7).bytes("\x01");
  const auto header = parsed(out);
  CHECK(std::get<std::uint64_t>(header.find("u8")->value) == 255);
  CHECK(std::get<std::int64_t>(header.find("i8")->value) == -1);
  CHECK(std::get<std::int64_t>(header.find("i16")->value) == -2);
  CHECK(std::get<std::int64_t>(header.find("i32")->value) == -2147483648LL);
  CHECK(std::get<std::int64_t>(header.find("i64")->value) == -1);
  CHECK(std::get<std::uint64_t>(header.find("u64")->value) == ~std::uint64_t{0});
  CHECK(std::get<double>(header.find("f64")->value) == 1.5);
  CHECK(std::get<bool>(header.find("yes")->value));
}

TEST_CASE("gguf: counts and lengths that cannot be", "[protocol][model]") {
  constexpr auto huge = ~std::uint64_t{0};
  CHECK(refused(GgufBuilder().bytes("GGUX").word32(3).word64(0).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 0, 1)));
  CHECK(refused(GgufBuilder().start(0, 0, 4)));
  CHECK(refused(GgufBuilder().start(0, 0, 0x03000000)));
  CHECK(refused(GgufBuilder().start(huge, 0)));
  CHECK(refused(GgufBuilder().start(0, huge)));
  CHECK(refused(GgufBuilder().start(3, 0), 74));  // three tensors take 75 bytes or more
  CHECK(refused(GgufBuilder().start(0, 3), 41));
  CHECK(refused(GgufBuilder().start(0, 1).word64(huge)));
  CHECK(refused(GgufBuilder().start(0, 1).word64(65'536)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(8).word64(huge)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(8).word64(room + 1)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(12).word64(huge)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(12).word64(room / 8 + 1)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(8).word64(room / 8 + 1)));
}

TEST_CASE("gguf: pairs that are refused", "[protocol][model]") {
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(13).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(7).bytes("\x02")));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(9).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 1).text("k").word32(9).word32(13).word64(0)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_u32("", 1)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_u32("\xFF", 1)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_u32("a\n", 1)));
  CHECK(refused(GgufBuilder().start(0, 2).pair_u32("a", 1).pair_u32("a", 1)));
  for (const std::uint32_t alignment : {0u, 3u, 33u, 0xFFFFFFFFu}) {
    CAPTURE(alignment);
    CHECK(refused(GgufBuilder().start(0, 1).pair_u32("general.alignment", alignment)));
  }
  CHECK(refused(GgufBuilder().start(0, 1).text("general.alignment").word32(10).word64(32)));
  CHECK(refused(GgufBuilder().start(0, 1).pair_text("general.alignment", "32")));
  CHECK(parsed(GgufBuilder().start(0, 1).pair_u32("general.alignment", 0x80000000)).alignment ==
        0x80000000);
}

TEST_CASE("gguf: tensors that are refused", "[protocol][model]") {
  const auto one = [](std::string_view name, const std::vector<std::uint64_t>& dims,
                      std::uint32_t type, std::uint64_t offset) {
    return refused(GgufBuilder().start(1, 0).tensor(name, dims, type, offset));
  };
  CHECK_FALSE(one("a", {32}, 2, 0));
  CHECK(one("", {32}, 2, 0));
  CHECK(one("a\t", {32}, 2, 0));
  CHECK_FALSE(one(std::string(63, 'n'), {32}, 2, 0));
  CHECK(one(std::string(64, 'n'), {32}, 2, 0));
  CHECK(one("a", {33}, 2, 0));     // not whole blocks
  CHECK(one("a", {16, 2}, 2, 0));  // whole blocks, but no whole rows
  CHECK(one("a", {32}, 4, 0));     // retired
  CHECK(one("a", {32}, 43, 0));
  CHECK(one("a", {32}, 2, 32));  // a hole
  CHECK(one("a", {32}, 2, 1));
  CHECK(one("a", {1, 1, 1, 1, 1}, 0, 0));
  CHECK(one("a", {std::uint64_t{1} << 63}, 24, 0));
  CHECK(one("a", {std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 24, 0));
  CHECK(one("a", {std::uint64_t{1} << 62}, 28, 0));  // elements fit, bytes do not
  CHECK(one("a", {room + 64}, 24, 0));
  CHECK(refused(GgufBuilder().start(2, 0).tensor("a", {1}, 0, 0).tensor("a", {1}, 0, 32)));
  CHECK(refused(GgufBuilder().start(2, 0).tensor("a", {9}, 0, 0).tensor("b", {1}, 0, 32)));
  CHECK_FALSE(refused(GgufBuilder().start(2, 0).tensor("a", {9}, 0, 0).tensor("b", {1}, 0, 64)));
  CHECK(refused(GgufBuilder().start(2, 0).tensor("a", {1}, 0, 32).tensor("b", {1}, 0, 0)));
}
