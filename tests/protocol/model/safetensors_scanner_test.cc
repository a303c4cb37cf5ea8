#include "protocol/model/safetensors_scanner.h"

#include <catch2/catch.hpp>

#include "protocol/model/safetensors_header.h"

using namespace waag;
using namespace waag::model;

namespace {

Bytes file_front(std::string_view json) {
  ByteWriter out;
  out.fixed<std::uint64_t>(json.size());
  out.raw(as_bytes(json));
  return out.take();
}

struct Scan {
  Result<bool> whole{false};
  std::uint64_t data_begin = 0;
  std::vector<TensorInfo> tensors;
};

/// Fed in pieces of `piece` bytes.
Scan scan(ByteView front, std::size_t piece) {
  SafetensorsScanner scanner;
  Scan done;
  while (!front.empty() && done.whole) {
    const auto part = front.first(std::min(piece, front.size()));
    done.whole = scanner.feed(part, done.tensors);
    front = front.subspan(part.size());
  }
  done.data_begin = scanner.data_begin();
  return done;
}

const std::string sample = R"({"__metadata__":{"format":"pt","long":"\u00e9 and more"},)"
                           R"("b\u0062":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
                           R"("a":{"shape":[],"data_offsets":[0,4],"dtype":"F32"},)"
                           R"("none":{"dtype":"I64","shape":[0,7],"data_offsets":[4,4]}}   )";

}  // namespace

TEST_CASE("safetensors scanner: each tensor as the header has it, however the bytes come",
          "[protocol][model]") {
  const auto front = file_front(sample);
  const std::vector<TensorInfo> want{{"bb", Dtype::bf16, 0, {2, 3}, 4, 16},
                                     {"a", Dtype::f32, 0, {}, 0, 4},
                                     {"none", Dtype::i64, 0, {0, 7}, 4, 4}};
  for (std::size_t piece = 1; piece <= front.size(); ++piece) {
    CAPTURE(piece);
    const auto done = scan(front, piece);
    REQUIRE(done.whole);
    CHECK(*done.whole);
    CHECK(done.data_begin == front.size());
    CHECK(done.tensors == want);
  }
}

TEST_CASE("safetensors scanner: it knows when the header is not complete", "[protocol][model]") {
  const auto front = file_front(sample);
  for (std::size_t size = 1; size < front.size(); ++size) {
    const auto done = scan(ByteView(front).first(size), 9);
    REQUIRE(done.whole);
    CHECK_FALSE(*done.whole);
  }
  auto with_data = front;
  with_data.resize(front.size() + 500, std::byte{'}'});
  CHECK(scan(with_data, 100).tensors.size() == 3);
}

TEST_CASE("safetensors scanner: hostile headers are refused, whatever their size",
          "[protocol][model]") {
  const std::string digits(5000, '7');
  const std::string text(5000, 't');
  const auto json =
      GENERATE_COPY(std::string("[]"), std::string(" {}"), std::string("{}\n"), std::string("{}{}"),
                    std::string("{} {}"), std::string("{{"), "{\"" + text + "\":1}",
                    R"({"a":{"dtype":")" + text + R"("}})", R"({"a":{")" + text + R"(":1}})",
                    R"({"a":{"shape":[)" + digits + "]}}", R"({"a":{"shape":[0.)" + digits + "]}}",
                    std::string(R"({"__metadata__":{},"__metadata__":{}})"),
                    std::string(R"({"__metadata__":{"a":[]}})"),
                    std::string(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})"),
                    std::string(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})"));
  CAPTURE(json);
  for (const std::size_t piece : {1u, 3u, 1000u, 10'000u}) {
    const auto done = scan(file_front(json), piece);
    REQUIRE_FALSE(done.whole);
    CHECK(done.whole.error().code == Errc::unprocessable);
  }
  for (const std::uint64_t json_bytes : {0ull, 1ull, 100'000'001ull, ~0ull}) {
    ByteWriter out;
    out.fixed(std::uint64_t{json_bytes});
    CHECK_FALSE(scan(out.bytes(), 3).whole);
  }
}
