#include "daemon/convert/validation/validation.h"

#include <catch2/catch.hpp>

#include "tests/daemon/convert/validation/lines.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

const std::vector<std::string> good{text_line,     weights_line, block_line,
                                    compared_line, verdict_line, done_line};

/// "" if all of it is taken.
std::string fault_of(const std::vector<std::string>& lines) {
  Validation validation({{"gguf:F16", 1}});
  for (const auto& line : lines)
    if (const auto taken = validation.take(line); !taken) {
      CHECK(taken.error().code == Errc::unprocessable);
      return taken.error().what;
    }
  return validation.said().done ? "" : "not done";
}

/// `good` with a line more, before the one at `at`.
std::vector<std::string> with(std::size_t at, const std::string& line) {
  auto lines = good;
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), line);
  return lines;
}
std::vector<std::string> without(std::size_t at) {
  auto lines = good;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  return lines;
}
/// `good` with the line at `at` changed.
std::vector<std::string> changed(std::size_t at, const std::string& from, const std::string& to) {
  auto lines = good;
  lines[at] = replaced(lines[at], from, to);
  return lines;
}

}  // namespace

TEST_CASE("validation: what is taken in its order", "[daemon][convert]") {
  CHECK(fault_of(good).empty());
  Validation validation({{"gguf:F16", 2}});
  const auto share_after = [&](const std::string& line) {
    REQUIRE(validation.take(line));
    return validation.share();
  };
  CHECK(share_after(text_line) == 0);
  CHECK(share_after(weights_line) == Approx(0.05));
  CHECK(validation.note() == "validating gguf:F16 t");
  CHECK(share_after(replaced(block_line, R"("blocks":1)", R"("blocks":2)")) == Approx(0.55));
  CHECK(validation.note() == "validating gguf:F16 block 1 of 2");
  auto second = replaced(block_line, R"("block":0)", R"("block":1)");
  CHECK(share_after(replaced(second, R"("blocks":1)", R"("blocks":2)")) == Approx(1));
  CHECK(share_after(compared_line) == Approx(1));
  CHECK(validation.targets_done() == 0);
  CHECK(share_after(verdict_line) == 1);
  CHECK(validation.targets_done() == 1);
  REQUIRE(validation.take(done_line));
  const auto results = validation.results();
  REQUIRE(results.size() == 1);
  const auto& result = results.at("gguf:F16");
  CHECK(result.tensors.size() == 1);
  CHECK(result.blocks == std::vector<double>{0.01, 0.01});
  CHECK(result.figures->kld_mean == 0.03);
  CHECK(result.verdict == certificate::Verdict::pass);
  CHECK(validation.text().tokens == 64);
}

TEST_CASE("validation: targets take turns", "[daemon][convert]") {
  Validation validation({{"gguf:F16", 0}, {"gguf:F32", 0}});
  REQUIRE(validation.take(text_line));
  for (const auto& line : {weights_line, block_line, compared_line, verdict_line}) {
    REQUIRE(validation.take(line));
    REQUIRE(validation.take(replaced(line, "gguf:F16", "gguf:F32")));
  }
  CHECK(validation.take(done_line));
}

TEST_CASE("validation: what is out of order or not whole", "[daemon][convert]") {
  CHECK(fault_of(without(0)).ends_with("something before its text"));
  CHECK(fault_of(with(1, text_line)).ends_with("its text twice"));
  CHECK(fault_of(with(2, weights_line)).ends_with("t of gguf:F16 twice"));
  const auto other = replaced(weights_line, R"("t")", R"("u")");
  CHECK(fault_of(with(3, other)).ends_with("something of gguf:F16 in a wrong order"));
  CHECK(fault_of(with(3, block_line)).ends_with("blocks of gguf:F16 in a wrong order"));
  CHECK(fault_of(with(4, compared_line)).ends_with("something of gguf:F16 in a wrong order"));
  CHECK(fault_of(with(5, verdict_line)).ends_with("something of gguf:F16 in a wrong order"));
  CHECK(fault_of(without(4)).ends_with("its end without a verdict on gguf:F16"));
  CHECK(fault_of(with(6, done_line)).ends_with("something after its end"));
  CHECK(fault_of(changed(1, "F16", "Q9")).ends_with("that nobody asked for: gguf:Q9"));
  CHECK(fault_of(changed(3, R"("places":30)", R"("places":31)")).ends_with("over other places"));
}

TEST_CASE("validation: a good verdict needs all that bears it out", "[daemon][convert]") {
  const std::string unfounded = "a verdict on gguf:F16 that nothing bears out";
  for (const std::size_t at : {1u, 2u, 3u}) CHECK(fault_of(without(at)).ends_with(unfounded));
  CHECK(fault_of(changed(1, "0.25", "null")).ends_with(unfounded));
  CHECK(fault_of(changed(2, "0.01", "null")).ends_with(unfounded));
  CHECK(fault_of(changed(2, R"("blocks":1)", R"("blocks":2)")).ends_with(unfounded));
  CHECK(fault_of(changed(3, "0.03", "null")).ends_with(unfounded));
  CHECK(fault_of(changed(3, R"("kld_mean":0.03)", R"("kld_mean":0.061)")).ends_with(unfounded));
  CHECK(fault_of(changed(3, R"("kld_p99":0.3)", R"("kld_p99":0.61)")).ends_with(unfounded));
  auto warned = changed(4, "pass", "warn");
  warned[4] = replaced(warned[4], "[]", R"(["lost"])");
  warned[3] = replaced(warned[3], R"("kld_mean":0.03)", R"("kld_mean":0.12)");
  CHECK(fault_of(warned).empty());
  warned[3] = replaced(warned[3], R"("kld_mean":0.12)", R"("kld_mean":0.13)");
  CHECK(fault_of(warned).ends_with(unfounded));
  // Damage may leave no numbers at all.
  auto failed = changed(3, "0.03", "null");
  failed[4] = replaced(replaced(verdict_line, "pass", "fail"), "[]", R"(["no number"])");
  CHECK(fault_of(failed).empty());
}

TEST_CASE("validation: why it cannot be", "[daemon][convert]") {
  Validation validation({{"gguf:F16", 1}});
  REQUIRE(validation.take(R"({"event":"error","message":"not run"})"));
  CHECK(validation.said().refusal == "not run");
  CHECK_FALSE(validation.said().done);
}
