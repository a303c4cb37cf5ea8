#include "protocol/git/line_diff.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/environment.h"

using namespace waag::git;

namespace {

using Lines = std::vector<std::string_view>;
using Edits = std::vector<LineEdit>;

Edits diff(std::string_view before, std::string_view after) {
  return diff_lines(split_lines(before), split_lines(after));
}

Lines applied(const Lines& before, const Lines& after, const Edits& edits) {
  Lines made;
  std::size_t at = 0;
  for (const auto& edit : edits) {
    while (at < edit.before) made.push_back(before[at++]);
    REQUIRE(made.size() == edit.after);
    for (std::size_t i = 0; i < edit.after_count; ++i) made.push_back(after[edit.after + i]);
    at += edit.before_count;
  }
  while (at < before.size()) made.push_back(before[at++]);
  return made;
}

/// Lines removed and added by a shortest script, by the textbook's table.
std::size_t fewest_edits(const Lines& before, const Lines& after) {
  std::vector<std::vector<std::size_t>> common(before.size() + 1,
                                               std::vector<std::size_t>(after.size() + 1));
  for (std::size_t i = before.size(); i-- > 0;)
    for (std::size_t j = after.size(); j-- > 0;)
      common[i][j] = before[i] == after[j] ? common[i + 1][j + 1] + 1
                                           : std::max(common[i + 1][j], common[i][j + 1]);
  return before.size() + after.size() - 2 * common[0][0];
}

}  // namespace

TEST_CASE("line_diff: lines keep their newline", "[protocol][line_diff]") {
  CHECK(split_lines("") == Lines{});
  CHECK(split_lines("a") == Lines{"a"});
  CHECK(split_lines("a\n\nb") == Lines{"a\n", "\n", "b"});
  CHECK(split_lines("a\n") == Lines{"a\n"});
}

TEST_CASE("line_diff: known edits", "[protocol][line_diff]") {
  CHECK(diff("a\nb\n", "a\nb\n") == Edits{});
  CHECK(diff("", "a\nb\n") == Edits{{0, 0, 0, 2}});
  CHECK(diff("a\nb\n", "") == Edits{{0, 2, 0, 0}});
  CHECK(diff("a\nb\nc\n", "a\nx\nc\n") == Edits{{1, 1, 1, 1}});
  CHECK(diff("a\nb\nc\nd\n", "b\nc\nx\nd\n") == Edits{{0, 1, 0, 0}, {3, 0, 2, 1}});
  CHECK(diff("a\nb", "a\nb\n") == Edits{{1, 1, 1, 1}});
}

TEST_CASE("line_diff: any two texts, with the fewest edits", "[protocol][line_diff]") {
  const auto seed = waag::testing::environment("WAAG_SEED", 20261124);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string texts[2];
    for (auto& text : texts)
      for (auto lines = random() % 12; lines > 0; --lines)
        text += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
    CAPTURE(texts[0], texts[1]);
    const auto before = split_lines(texts[0]);
    const auto after = split_lines(texts[1]);
    const auto edits = diff_lines(before, after);
    CHECK(applied(before, after, edits) == after);
    std::size_t touched = 0;
    for (const auto& edit : edits) touched += edit.before_count + edit.after_count;
    CHECK(touched == fewest_edits(before, after));
  }
}

TEST_CASE("line_diff: beyond its bound a stretch is replaced whole", "[protocol][line_diff]") {
  std::string before, after;
  for (std::size_t i = 0; i <= line_diff_edits_max; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  const auto lines = line_diff_edits_max + 1;
  CHECK(diff("x\n" + before + "y\n", "x\n" + after + "y\n") == Edits{{1, lines, 1, lines}});
}
