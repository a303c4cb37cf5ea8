#include "protocol/model/safetensors_header.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::model;

namespace {

std::string file_front(std::string_view json) {
  ByteWriter out;
  out.fixed<std::uint64_t>(json.size());
  out.raw(as_bytes(json));
  return out.str();
}

Result<SafetensorsHeader> parse(std::string_view json, std::uint64_t data_bytes) {
  const std::string front = file_front(json);
  return parse_safetensors_header(as_bytes(front), front.size() + data_bytes);
}

std::string tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return R"({"dtype":")" + std::string(dtype) + R"(","shape":)" + std::string(shape) +
         R"(,"data_offsets":)" + std::string(offsets) + "}";
}

}  // namespace

TEST_CASE("safetensors: a header as written by the reference", "[protocol][model]") {
  const std::string json = R"({"__metadata__":{"format":"pt","a":"b"},"b":)" +
                           tensor("BF16", "[2,3]", "[4,16]") + R"(,"a":)" +
                           tensor("F32", "[]", "[0,4]") + R"(,"none":)" +
                           tensor("I64", "[0,7]", "[4,4]") + "}   ";
  const auto header = parse(json, 16);
  REQUIRE(header);
  CHECK(header->data_begin == 8 + json.size());
  CHECK(header->metadata == std::map<std::string, std::string>{{"format", "pt"}, {"a", "b"}});
  REQUIRE(header->tensors.size() == 3);
  const auto at = header->data_begin;
  CHECK(header->tensors[0] == TensorInfo{"a", Dtype::f32, 0, {}, at, at + 4});
  CHECK(header->tensors[1] == TensorInfo{"none", Dtype::i64, 0, {0, 7}, at + 4, at + 4});
  CHECK(header->tensors[2] == TensorInfo{"b", Dtype::bf16, 0, {2, 3}, at + 4, at + 16});
}

TEST_CASE("safetensors: small but legal", "[protocol][model]") {
  CHECK(parse("{}", 0));
  CHECK(parse(R"({"__metadata__":{}})", 0));
  CHECK(parse(R"({"a":)" + tensor("F4", "[4]", "[0,2]") + "}", 2));
  CHECK(parse("{ \"a\" : " + tensor("U8", "[ 1 ]", "[0, 1]") + "}", 1));
  CHECK(parse(R"({"\u00e9":)" + tensor("U8", "[1]", "[0,1]") + "}", 1)->tensors[0].name ==
        "\xC3\xA9");
}

TEST_CASE("safetensors: the length field", "[protocol][model]") {
  CHECK(*safetensors_header_bytes(as_bytes(file_front("{}"))) == 10);
  CHECK_FALSE(safetensors_header_bytes(as_bytes("1234567")));
  for (const std::uint64_t json_bytes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100'000'001}, ~std::uint64_t{0},
        ~std::uint64_t{0} - 7}) {
    ByteWriter out;
    out.fixed(json_bytes);
    CHECK_FALSE(safetensors_header_bytes(out.bytes()));
  }
  const std::string front = file_front("{}    ");
  CHECK(parse_safetensors_header(as_bytes(front), front.size()));
  CHECK_FALSE(parse_safetensors_header(as_bytes(front), front.size() - 1));
  CHECK_FALSE(parse_safetensors_header(as_bytes(front).first(front.size() - 1), front.size()));
}

TEST_CASE("safetensors: JSON that is refused", "[protocol][model]") {
  const std::string good = tensor("U8", "[1]", "[0,1]");
  const std::string name_513(513, 'n');
  const auto json = GENERATE_COPY(
      std::string("[]"), std::string("  {}"), std::string("{}\n"), std::string("{}{}"),
      std::string("{} {}"), std::string("{"), std::string("{}}"), R"({"a":1})", R"({"a":null})",
      R"({"a":[]})", R"({"a":"x"})", R"({"a":{}})", R"({"a":{"dtype":"U8","shape":[1]}})",
      R"({"a":)" + good + R"(,"a":)" + good + "}", R"({"a":)" + good + R"(,"\u0061":)" + good + "}",
      std::string(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})"),
      std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1}})"),
      std::string(R"({"a":{"dtype":"U8","shape":{"x":1},"data_offsets":[0,1]}})"),
      std::string(R"({"a":{"dtype":["U8"],"shape":[1],"data_offsets":[0,1]}})"),
      R"({"a":)" + tensor("X8", "[1]", "[0,1]") + "}",
      R"({"a":)" + tensor("u8", "[1]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[[1]]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[1]", "[0,1,1]") + "}",
      R"({"a":)" + tensor("U8", "[1]", "[1]") + "}",
      R"({"a":)" + tensor("U8", "[1.0]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[1e0]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[1]", "[-0,1]") + "}",
      R"({"a":)" + tensor("U8", "[-1]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[01]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[true]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") + "}",
      R"({"a":)" + tensor("U8", "[9007199254740992]", "[0,9007199254740992]") + "}",
      R"({"a\u0000":)" + good + "}", R"({"a\n":)" + good + "}", "{\"\xFF\":" + good + "}",
      R"({"\ud800":)" + good + "}", "{\"" + name_513 + "\":" + good + "}",
      R"({"__metadata__":"x","a":)" + good + "}", R"({"__metadata__":{"x":1},"a":)" + good + "}",
      R"({"__metadata__":{"x":{}},"a":)" + good + "}",
      R"({"__metadata__":{"x":"1","x":"2"},"a":)" + good + "}",
      R"({"__metadata__":{},"__metadata__":{},"a":)" + good + "}", R"({"a":)" + good + ",}",
      "{/**/\"a\":" + good + "}");
  CAPTURE(json);
  for (const std::uint64_t data_bytes : {0u, 1u}) {
    const auto header = parse(json, data_bytes);
    REQUIRE_FALSE(header);
    CHECK(header.error().code == Errc::unprocessable);
  }
}

TEST_CASE("safetensors: tensors must fill the file", "[protocol][model]") {
  const auto two = [](std::string_view first, std::string_view second) {
    return R"({"a":)" + tensor("U8", "[2]", first) + R"(,"b":)" + tensor("U8", "[2]", second) + "}";
  };
  CHECK(parse(two("[0,2]", "[2,4]"), 4));
  CHECK(parse(two("[2,4]", "[0,2]"), 4));
  CHECK_FALSE(parse(two("[0,2]", "[2,4]"), 5));  // bytes after the last
  CHECK_FALSE(parse(two("[0,2]", "[2,4]"), 3));
  CHECK_FALSE(parse(two("[0,2]", "[3,5]"), 5));  // a hole
  CHECK_FALSE(parse(two("[0,2]", "[1,3]"), 3));  // an overlap
  CHECK_FALSE(parse(two("[0,2]", "[0,2]"), 2));
  CHECK_FALSE(parse(two("[1,3]", "[3,5]"), 5));  // does not start at 0
  CHECK_FALSE(parse(two("[0,2]", "[4,2]"), 4));
  CHECK_FALSE(parse("{}", 1));
}

TEST_CASE("safetensors: sizes are computed without overflow", "[protocol][model]") {
  const auto one = [](std::string_view dtype, std::string_view shape, std::string_view offsets,
                      std::uint64_t bytes) {
    return parse(R"({"a":)" + tensor(dtype, shape, offsets) + "}", bytes).has_value();
  };
  CHECK(one("F64", "[3]", "[0,24]", 24));
  CHECK_FALSE(one("F64", "[3]", "[0,23]", 23));
  CHECK_FALSE(one("F4", "[3]", "[0,1]", 1));  // half a byte
  CHECK(one("F6_E2M3", "[4]", "[0,3]", 3));
  CHECK_FALSE(one("U8", "[4294967296,4294967296]", "[0,0]", 0));
  CHECK_FALSE(one("U8", "[2305843009213693952]", "[0,0]", 0));
  CHECK_FALSE(one("F32", "[4503599627370496,4503599627370496,0]", "[0,4]", 4));
}

TEST_CASE("safetensors: every cut of a header is refused", "[protocol][model]") {
  const std::string json =
      R"({"__metadata__":{"k":"v"},"a":)" + tensor("BF16", "[2,3]", "[0,12]") + "}";
  for (std::size_t size = 0; size < json.size(); ++size)
    CHECK_FALSE(parse(json.substr(0, size), 12));
  CHECK(parse(json, 12));
}

TEST_CASE("safetensors: dtypes", "[protocol][model]") {
  CHECK(safetensors_name(Dtype::bf16) == "BF16");
  CHECK(bits_per_element(Dtype::bf16) == 16);
  CHECK(bits_per_element(Dtype::f6_e3m2) == 6);
  CHECK(safetensors_name(Dtype::ggml_block).empty());
  CHECK(bits_per_element(Dtype::ggml_block) == 0);
}
