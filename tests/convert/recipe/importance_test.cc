#include "convert/recipe/importance.h"

#include <cmath>
#include <fstream>
#include <limits>

#include <catch2/catch.hpp>

#include "convert/write/gguf_layout.h"
#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::TempFolder;

std::string number(std::uint32_t value) {
  ByteWriter out;
  out.fixed(value);
  return out.str();
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string legacy_entry(const std::string& name, std::uint32_t calls,
                         const std::vector<float>& values) {
  return number(static_cast<std::uint32_t>(name.size())) + name + number(calls) +
         number(static_cast<std::uint32_t>(values.size())) + floats(values);
}

struct Sums {
  std::string name;
  std::vector<std::uint64_t> shape;  // slowest dimension first
  std::vector<float> values;
  TensorType type{TensorType::f32};
};

std::string gguf(const std::vector<Sums>& sums, const std::string& kind = "imatrix") {
  const GgufEntries entries{{"general.type", kind},
                            {"imatrix.chunk_count", std::uint32_t{125}},
                            {"imatrix.datasets", std::vector<std::string>{"wiki", "code"}}};
  std::vector<GgufTensor> tensors;
  for (const auto& one : sums)
    tensors.push_back({.name = one.name, .shape = one.shape, .type = one.type});
  const auto files = layout_gguf("m", entries, tensors);
  if (!files) FAIL(files.error().what);
  std::string bytes(as_text(files->front().header));
  for (const auto& place : files->front().tensors) {
    auto data = floats(sums[place.tensor].values);
    data.resize(place.padded_bytes);
    bytes += data;
  }
  return bytes;
}

Result<Importance> read(const std::string& bytes) {
  const TempFolder folder;
  const auto file = folder.path() / "imatrix";
  std::ofstream(file, std::ios::binary) << bytes;
  return Importance::read(file);
}

std::vector<float> weights(const Importance& importance, std::string_view name,
                           std::uint64_t columns, std::uint64_t matrices, std::uint64_t matrix) {
  const auto found = importance.of(name, columns, matrices, matrix);
  if (!found) FAIL(found.error().what);
  return {found->begin(), found->end()};
}

void is_refused(const std::string& bytes, const std::string& word) {
  const auto result = read(bytes);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::unprocessable);
  CHECK(result.error().what.find(word) != std::string::npos);
}

const float infinity = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("importance: the older form", "[convert][recipe][importance]") {
  const auto entries = number(2) + legacy_entry("blk.0.ffn_up.weight", 4, {8, 2, 0}) +
                       legacy_entry("blk.0.ffn_down_exps.weight", 0, {1, 2, 3, 4});
  for (const auto& tail : {std::string(), number(77) + number(4) + "wiki"}) {
    const auto importance = read(entries + tail);
    REQUIRE(importance);
    CHECK(importance->size() == 2);
    CHECK(weights(*importance, "blk.0.ffn_up.weight", 3, 1, 0) == std::vector<float>{2, 0.5f, 0});
    CHECK(weights(*importance, "blk.0.ffn_down_exps.weight", 2, 2, 1) == std::vector<float>{3, 4});
    CHECK(weights(*importance, "output.weight", 3, 1, 0).empty());
    CHECK(importance->chunks() == (tail.empty() ? 0 : 77));
    CHECK(importance->dataset() == (tail.empty() ? "" : "wiki"));
  }
}

TEST_CASE("importance: GGUF", "[convert][recipe][importance]") {
  const auto importance = read(gguf({{"a.weight.counts", {1, 1}, {4}},
                                     {"a.weight.in_sum2", {1, 2}, {8, 2}},
                                     {"e.weight.counts", {3, 1}, {2, 0, 1}},
                                     {"e.weight.in_sum2", {3, 2}, {2, 4, 9, 9, 5, 6}},
                                     {"something.else", {1}, {nan}}}));
  REQUIRE(importance);
  CHECK(importance->size() == 2);
  CHECK(importance->chunks() == 125);
  CHECK(importance->dataset() == "wiki");
  CHECK(weights(*importance, "a.weight", 2, 1, 0) == std::vector<float>{2, 0.5f});
  CHECK(weights(*importance, "e.weight", 2, 3, 0) == std::vector<float>{1, 2});
  // No token chose it: all columns weigh the same.
  CHECK(weights(*importance, "e.weight", 2, 3, 1) == std::vector<float>{1, 1});
  CHECK(weights(*importance, "e.weight", 2, 3, 2) == std::vector<float>{5, 6});
}

TEST_CASE("importance: of another model", "[convert][recipe][importance]") {
  const auto importance = read(number(1) + legacy_entry("a", 1, {1, 2, 3, 4}));
  REQUIRE(importance);
  for (const auto& [columns, matrices] : {std::pair(3, 1), std::pair(4, 2), std::pair(2, 1)}) {
    const auto found = importance->of("a", static_cast<std::uint64_t>(columns),
                                      static_cast<std::uint64_t>(matrices), 0);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::unprocessable);
  }
}

TEST_CASE("importance: files that are none", "[convert][recipe][importance]") {
  is_refused("", "neither");
  is_refused("abc", "neither");
  is_refused(number(0), "neither");
  is_refused(number(0xffffffff), "neither");
  is_refused(number(1'000'001), "neither");
  is_refused("GGUF", "");
  is_refused(gguf({{"a", {1}, {1}}}, "model"), "another kind");
  is_refused(gguf({{"a", {1}, {1}}}), "holds no weights");
  const TempFolder folder;
  const auto missing = Importance::read(folder.path() / "imatrix");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK_FALSE(Importance::read(folder.path()));
}

TEST_CASE("importance: every cut of a file is noticed", "[convert][recipe][importance]") {
  const auto legacy = number(2) + legacy_entry("a", 1, {1, 2}) + legacy_entry("b", 1, {3});
  for (std::size_t size = 0; size < legacy.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read(legacy.substr(0, size)));
  }
  const auto with_tail = legacy + number(5) + number(4) + "wiki";
  for (std::size_t size = legacy.size() + 1; size < with_tail.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read(with_tail.substr(0, size)));
  }
  const auto whole = gguf({{"a.counts", {1, 1}, {1}}, {"a.in_sum2", {1, 2}, {1, 2}}});
  REQUIRE(read(whole));
  for (std::size_t size = 0; size + 32 < whole.size(); size += 3) {
    CAPTURE(size);
    CHECK_FALSE(read(whole.substr(0, size)));
  }
}

TEST_CASE("importance: hostile sizes and numbers of the older form",
          "[convert][recipe][importance]") {
  is_refused(number(1) + number(0xffffffff) + "a", "cut short");
  is_refused(number(1) + number(1) + "a" + number(1) + number(0xffffffff), "cut short");
  is_refused(number(1) + number(1) + "a" + number(1) + number(0x40000001) + floats({1}),
             "cut short");
  is_refused(number(1) + legacy_entry("", 1, {1}), "cut short");
  is_refused(number(2) + legacy_entry("a", 1, {1}) + legacy_entry("a", 1, {1}), "twice");
  CHECK(read(number(1) + legacy_entry("a", 1, {})));  // fits no model
  for (const float value : {-1.0f, infinity, -infinity, nan})
    is_refused(number(1) + legacy_entry("a", 1, {1, value}), "mean square");
}

TEST_CASE("importance: hostile GGUF", "[convert][recipe][importance]") {
  is_refused(gguf({{"a.in_sum2", {1, 2}, {1, 2}}}), "no counts");
  is_refused(gguf({{"a.counts", {2, 1}, {1, 1}}, {"a.in_sum2", {3}, {1, 2, 3}}}), "do not fit");
  is_refused(gguf({{"a.counts", {1, 0}, {}}, {"a.in_sum2", {1, 2}, {1, 2}}}), "do not fit");
  is_refused(gguf({{"a.counts", {1, 1}, {1}}, {"a.in_sum2", {0, 2}, {}}}), "do not fit");
  is_refused(gguf({{"a.counts", {1, 1}, {1}}, {"a.in_sum2", {1, 2}, {1}, TensorType::f16}}),
             "not in F32");
  for (const float value : {-1.0f, infinity, nan})
    is_refused(gguf({{"a.counts", {1, 1}, {1}}, {"a.in_sum2", {1, 2}, {1, value}}}), "mean square");
  // Infinitely many times would make every weight nothing.
  for (const float count : {infinity, nan, -1.0f})
    is_refused(gguf({{"a.counts", {1, 1}, {count}}, {"a.in_sum2", {1, 2}, {1, 2}}}), "counts");
}

}  // namespace waag::convert::testing
