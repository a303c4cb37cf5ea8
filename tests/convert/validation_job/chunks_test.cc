#include "convert/validation_job/chunks.h"

#include <numeric>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

std::vector<std::uint32_t> count_to(std::size_t count) {
  std::vector<std::uint32_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

/// The first token of each chunk.
std::vector<std::uint32_t> begins(std::size_t tokens, const ChunkRule& rule) {
  const auto chunks = cut_chunks(count_to(tokens), rule);
  REQUIRE(chunks);
  std::vector<std::uint32_t> first;
  for (const auto& chunk : *chunks) {
    CHECK(chunk.size() == rule.context);
    CHECK(chunk.back() == chunk[1] + rule.context - 2);
    first.push_back(chunk.front());
  }
  return first;
}

using Begins = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("chunks: they lie evenly over the text", "[convert][chunks]") {
  CHECK(begins(1000, {.context = 10, .chunks = 4, .begin = {}}) == Begins{120, 370, 620, 870});
  CHECK(begins(70, {.context = 10, .chunks = 3, .begin = {}}) == Begins{10, 30, 50});
  CHECK(begins(1000, {.context = 10, .chunks = 1, .begin = {}}) == Begins{500});
}

TEST_CASE("chunks: all of a short text, but for what fills no chunk", "[convert][chunks]") {
  CHECK(begins(39, {.context = 10, .chunks = 3, .begin = {}}) == Begins{0, 10, 20});
  CHECK(begins(39, {.context = 10, .chunks = 16, .begin = {}}) == Begins{0, 10, 20});
  CHECK(begins(10, {.context = 10, .chunks = 16, .begin = {}}) == Begins{0});
}

TEST_CASE("chunks: a text that is shorter than one", "[convert][chunks]") {
  const auto none = cut_chunks(count_to(9), {.context = 10, .chunks = 1, .begin = {}});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::unprocessable);
  CHECK(none.error().what == "the text has 9 tokens, fewer than one chunk of 10");
}

TEST_CASE("chunks: what a text begins with, each does", "[convert][chunks]") {
  CHECK(begins(20, {.context = 10, .chunks = 2, .begin = 77}) == Begins{77, 77});
}

}  // namespace waag::convert::testing
