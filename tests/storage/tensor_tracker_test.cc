#include "storage/tensor_tracker.h"

#include <catch2/catch.hpp>

namespace waag::storage {
namespace {

/// Two tensors: 3 BF16 elements, then 2 F32, right after the header.
Bytes weight_file() {
  const std::string_view json = R"({"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},)"
                                R"("b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]}})";
  ByteWriter file;
  file.fixed(std::uint64_t{json.size()});
  file.raw(as_bytes(json));
  for (int i = 0; i < 14; ++i) file.fixed(static_cast<std::uint8_t>(i));
  return file.take();
}

}  // namespace

TEST_CASE("tensor tracker: types, phases and the row, however the bytes come", "[storage]") {
  const auto file = weight_file();
  const auto data = file.size() - 14;
  const std::size_t piece = GENERATE(1u, 3u, 8u, 100u, 1000u);
  CAPTURE(piece);
  TensorTracker tracker;
  for (std::size_t at = 0; at < file.size(); at += piece)
    tracker.feed(ByteView(file).subspan(at, std::min(piece, file.size() - at)));
  CHECK(tracker.at(0, 10).dtype == Dtype::none);
  CHECK(tracker.at(data, data + 4).dtype == Dtype::bf16);
  CHECK(tracker.at(data, data + 4).phase == 0);
  CHECK(tracker.at(data + 1, data + 4).phase == 1);
  CHECK(tracker.at(data - 3, data + 6).phase == 1);  // the grid goes on before the tensor
  CHECK(tracker.at(data + 9, data + 12).dtype == Dtype::f32);
  CHECK(tracker.at(data + 9, data + 12).phase == 3);
  CHECK(tracker.at(data + 14, data + 20).dtype == Dtype::none);
  const auto row = tracker.row(file.size());
  REQUIRE(row);
  const auto map = *decode_tensor_map(*row);
  REQUIRE(map.tensors.size() == 2);
  CHECK(map.tensors[1].name == "b");
  CHECK(map.tensors[1].begin == data + 6);
  CHECK_FALSE(tracker.row(file.size() - 1));
  CHECK_FALSE(tracker.row(file.size() + 1));
}

TEST_CASE("tensor tracker: a header that is too large is given up", "[storage]") {
  ByteWriter file;
  file.fixed(std::uint64_t{TensorTracker::head_bytes_max + 1});
  file.raw(as_bytes("{}"));
  TensorTracker tracker;
  tracker.feed(file.bytes());
  CHECK_FALSE(tracker.row(10));
  CHECK(tracker.at(8, 10).dtype == Dtype::none);
}

}  // namespace waag::storage
