#include "storage/intake/tensor_tracker.h"

#include <catch2/catch.hpp>

#include "tests/support/store_workload.h"
#include "tests/vectors/gguf_builder.h"

namespace waag::storage {
namespace {

struct Tensor {
  std::string name;
  std::string_view dtype;
  std::uint64_t bytes = 0;
  std::uint64_t elements = 0;
};

Bytes safetensors(const std::string& json) {
  ByteWriter file;
  file.fixed(std::uint64_t{json.size()});
  file.raw(as_bytes(json));
  return file.take();
}

/// A header that names `tensors` in the order of `order`, their data in their own order.
Bytes safetensors(const std::vector<Tensor>& tensors, const std::vector<std::size_t>& order,
                  std::size_t metadata_bytes = 0) {
  std::vector<std::uint64_t> begins{0};
  for (const auto& tensor : tensors) begins.push_back(begins.back() + tensor.bytes);
  std::string json = R"({"__metadata__":{"x":")" + std::string(metadata_bytes, 'm') + "\"}";
  for (const auto i : order)
    json += ",\"" + tensors[i].name + R"(":{"dtype":")" + std::string(tensors[i].dtype) +
            R"(","shape":[)" + std::to_string(tensors[i].elements) + R"(],"data_offsets":[)" +
            std::to_string(begins[i]) + "," + std::to_string(begins[i + 1]) + "]}";
  return safetensors(json + "}");
}

std::vector<Tensor> experts(std::size_t count) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < count; ++i)
    tensors.push_back({"model.layers.3.mlp.experts." + std::to_string(i) + ".up_proj.weight",
                       i % 10 == 9 ? "F32" : "BF16", i % 10 == 9 ? 12u : 6u, 3});
  return tensors;
}

std::vector<std::size_t> in_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  return order;
}

TensorTracker track(ByteView file, std::size_t piece = 64 * 1024) {
  TensorTracker tracker;
  for (std::size_t at = 0; at < file.size(); at += piece)
    tracker.feed(file.subspan(at, std::min(piece, file.size() - at)));
  return tracker;
}

std::uint64_t data_bytes(const std::vector<Tensor>& tensors) {
  std::uint64_t sum = 0;
  for (const auto& tensor : tensors) sum += tensor.bytes;
  return sum;
}

/// A tokenizer of `tokens` tokens, then tensors of F32, Q4_0 and F16 as a llama has them.
Bytes gguf(std::size_t tokens) {
  test::GgufBuilder out;
  out.start(3, 3).pair_u32("general.alignment", 64);
  out.text("tokenizer.ggml.tokens").word32(9).word32(8).word64(tokens);
  for (std::size_t i = 0; i < tokens; ++i) out.text("some token " + std::to_string(i));
  out.text("tokenizer.ggml.scores").word32(9).word32(6).word64(tokens);
  out.bytes(std::string(4 * tokens, 's'));
  out.tensor("blk.0.attn_norm.weight", {100}, 0, 0);   // 400 bytes, padded to 448
  out.tensor("blk.0.attn_q.weight", {64, 4}, 2, 448);  // 8 blocks of 18 bytes, padded to 192
  return out.tensor("output.weight", {50}, 1, 640).header();
}

}  // namespace

TEST_CASE("tensor tracker: types, phases and the row, however the bytes come", "[storage]") {
  const std::vector<Tensor> tensors{{"a", "BF16", 6, 3}, {"b", "F32", 8, 2}};
  const auto file = safetensors(tensors, {1, 0});
  const auto data = file.size();
  const std::size_t piece = GENERATE(1u, 3u, 8u, 100u, 1000u);
  CAPTURE(piece);
  const auto tracker = track(file, piece);
  CHECK(tracker.at(0, 10).dtype == Dtype::none);
  CHECK(tracker.at(data, data + 4).dtype == Dtype::bf16);
  CHECK(tracker.at(data, data + 4).phase == 0);
  CHECK(tracker.at(data + 1, data + 4).phase == 1);
  CHECK(tracker.at(data - 3, data + 6).phase == 1);  // the grid goes on before the tensor
  CHECK(tracker.at(data + 9, data + 12).dtype == Dtype::f32);
  CHECK(tracker.at(data + 9, data + 12).phase == 3);
  CHECK(tracker.at(data + 14, data + 20).dtype == Dtype::none);
  const auto row = tracker.row(data + 14);
  REQUIRE(row);
  const auto map = *decode_tensor_map(*row);
  REQUIRE(map.tensors.size() == 2);
  CHECK(map.tensors[1] == TensorSpan{"b", Dtype::f32, {2}, data + 6, data + 14});
  CHECK_FALSE(tracker.row(data + 13));
  CHECK_FALSE(tracker.row(data + 15));
}

TEST_CASE("tensor tracker: a GGUF header of megabytes, however the bytes come", "[storage]") {
  const auto header = gguf(250'000);
  CHECK(header.size() > 6'000'000);
  const std::size_t piece = GENERATE(1u, 1000u, 65536u, 10'000'000u);
  const auto tracker = track(header, piece);
  const auto data = (header.size() + 63) / 64 * 64;
  const auto row = tracker.row(data + 740);
  REQUIRE(row);
  const auto map = *decode_tensor_map(*row);
  CHECK(map.tensors ==
        std::vector<TensorSpan>{
            {"blk.0.attn_norm.weight", Dtype::f32, {100}, data, data + 400},
            {"blk.0.attn_q.weight", Dtype::quantized, {4, 64}, data + 448, data + 592},
            {"output.weight", Dtype::f16, {50}, data + 640, data + 740}});
  CHECK(tracker.at(data + 5, data + 100).dtype == Dtype::f32);
  CHECK(tracker.at(data + 5, data + 100).phase == 1);
  CHECK(tracker.at(data + 410, data + 440).dtype == Dtype::none);  // padding
  CHECK(tracker.at(data + 500, data + 510).dtype == Dtype::quantized);
  CHECK(tracker.at(data + 641, data + 740).phase == 1);
  CHECK_FALSE(tracker.row(data + 739));
  CHECK(tracker.row(data + 1000));  // a writer may pad the end
}

TEST_CASE("tensor tracker: a safetensors header of megabytes, in any order", "[storage]") {
  constexpr std::size_t count = 20'000;
  const auto tensors = experts(count);
  auto order = in_order(count);
  testing::SeededRandom random(1);
  const bool shuffled = GENERATE(false, true);
  // A shuffled header shares less of its names and has more runs: half as many fit.
  const auto used = shuffled ? std::vector(tensors.begin(), tensors.begin() + count / 2) : tensors;
  if (shuffled) {
    order.resize(used.size());
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.next() % i]);
  }
  const auto file = safetensors(used, order, /*metadata_bytes=*/3'000'000);
  const auto tracker = track(file, GENERATE(1000u, 65536u));
  const auto row = tracker.row(file.size() + data_bytes(used));
  REQUIRE(row);
  const auto map = *decode_tensor_map(*row);
  REQUIRE(map.tensors.size() == used.size());
  auto at = std::uint64_t{file.size()};
  for (std::size_t i = 0; i < used.size(); ++i) {
    REQUIRE(map.tensors[i].name == used[i].name);
    REQUIRE(map.tensors[i].begin == at);
    const auto element = tracker.at(at + 1, at + used[i].bytes);
    REQUIRE(element.dtype == (used[i].dtype == "F32" ? Dtype::f32 : Dtype::bf16));
    REQUIRE(element.phase == 1);
    at += used[i].bytes;
  }
}

TEST_CASE("tensor tracker: what makes no map", "[storage]") {
  const auto one = [](const std::string& offsets) {
    return R"({"dtype":"BF16","shape":[3],"data_offsets":[)" + offsets + "]}";
  };
  const auto none = [](const std::string& json, std::uint64_t data) {
    const auto file = safetensors(json);
    const auto tracker = track(file, 10);
    return !tracker.row(file.size() + data) &&
           tracker.at(file.size(), file.size() + 2).dtype == Dtype::none;
  };
  CHECK(none(R"({"a":)" + one("0,6") + R"(,"a":)" + one("6,12") + "}", 12));  // one name
  CHECK(none(R"({"a":)" + one("0,6") + R"(,"b":)" + one("4,10") + "}", 10));  // overlap
  CHECK(none(R"({"a":)" + one("4,10") + R"(,"b":)" + one("0,6") + "}", 10));
  CHECK(none("{\"a\":" + one("0,6") + ",}", 6));
  const auto hole = safetensors(R"({"a":)" + one("0,6") + R"(,"b":)" + one("8,14") + "}");
  CHECK_FALSE(track(hole).row(hole.size() + 14));
  const auto late = safetensors(R"({"a":)" + one("2,8") + "}");
  CHECK_FALSE(track(late).row(late.size() + 8));

  const auto cut = gguf(10);
  CHECK_FALSE(track(ByteView(cut).first(cut.size() - 1)).row(cut.size() - 1));
  CHECK_FALSE(track(as_bytes("GG")).row(2));
  CHECK_FALSE(track(as_bytes("not a weight file")).row(17));
  CHECK_FALSE(track({}).row(0));
}

TEST_CASE("tensor tracker: a map that is too large is given up, and what it took", "[storage]") {
  const auto tensors = experts(60'000);
  const auto file = safetensors(tensors, in_order(tensors.size()));
  const auto tracker = track(file);
  CHECK_FALSE(tracker.row(file.size() + data_bytes(tensors)));
  CHECK(tracker.at(file.size(), file.size() + 6).dtype == Dtype::none);
}

}  // namespace waag::storage
