#include "cli/cert/check.h"

#include <catch2/catch.hpp>

#include "tests/cli/cert/signed_sample.h"

using namespace waag;
using namespace waag::cli;
using namespace waag::cli::testing;
using waag::certificate::testing::sample_certificate;

namespace {

const std::string path = "certificates/Q4_K_M.json";

std::string only_problem(const Checked& checked) {
  REQUIRE(checked.problems.size() == 1);
  return checked.problems[0];
}

Checked check(const SignedText& made, const std::string& at = path) {
  return check_signed(at, made.text, made.signature, public_key_of(hub_seed));
}

}  // namespace

TEST_CASE("cert check: one that holds", "[cli][cert]") {
  auto checked = check(signed_by(hub_seed, sample_certificate()));
  CHECK(checked.problems.empty());
  REQUIRE(checked.certificate);
  CHECK(checked.certificate->target == "gguf:Q4_K_M");
  std::vector<std::string> looked;
  check_files(checked, [&](const certificate::File& file) {
    looked.push_back(file.path);
    return std::optional<std::string>();
  });
  CHECK(looked == std::vector<std::string>{"tiny-Q4_K_M.gguf"});
  CHECK(checked.problems.empty());
  check_files(checked, [](const auto&) { return std::optional<std::string>("is not there"); });
  CHECK(only_problem(checked) == "tiny-Q4_K_M.gguf: is not there");
}

TEST_CASE("cert check: what is not signed says nothing", "[cli][cert]") {
  const auto good = signed_by(hub_seed, sample_certificate());
  const auto key = public_key_of(hub_seed);
  std::string why;
  Checked checked;
  SECTION("one byte of the text is another") {
    auto made = good;
    made.text.replace(made.text.find("\"warn\""), 6, "\"pass\"");
    checked = check(made);
    why = "its signature is not that of ed25519:" + key.hex();
  }
  SECTION("white space differs") {
    auto made = good;
    made.text += '\n';
    checked = check(made);
    why = "over these bytes";
  }
  SECTION("another key, and it says so") {
    checked = check(signed_by(other_seed, sample_certificate()));
    why = "by another key, ed25519:" + public_key_of(other_seed).hex();
  }
  SECTION("another key under the name of ours") {
    auto of = sample_certificate();
    of.key = key;
    auto made = good;
    made.signature = as_text(sign(other_seed, as_bytes(made.text)).view());
    checked = check(made);
    why = "its signature is not that of";
  }
  SECTION("no signature") {
    checked = check_signed(path, good.text, std::nullopt, key);
    why = "no signature beside it";
  }
  SECTION("a signature too short or too long") {
    const auto size = GENERATE(0u, 63u, 65u);
    auto made = good;
    made.signature.resize(size);
    checked = check(made);
    why = "64 bytes";
  }
  SECTION("no certificate") {
    checked = check_signed(path, "{}", good.signature, key);
    why = "no member \"schema\"";
  }
  CHECK_THAT(only_problem(checked), Catch::Contains(why));
  CHECK_FALSE(checked.certificate);
  check_files(checked, [](const auto&) { return std::optional<std::string>("looked at"); });
  CHECK(checked.problems.size() == 1);
}

TEST_CASE("cert check: signed, and yet not what it should be", "[cli][cert]") {
  const auto moved = check(signed_by(hub_seed, sample_certificate()), "certificates/Q8_0.json");
  CHECK(only_problem(moved) == "it is the certificate of gguf:Q4_K_M");
  auto of = sample_certificate();
  of.verdict = certificate::Verdict::fail;
  CHECK_THAT(only_problem(check(signed_by(hub_seed, of))), Catch::Contains("a failure"));
}

TEST_CASE("cert check: where certificates are", "[cli][cert]") {
  const std::vector<std::string> paths = {"README.md",
                                          "certificates/Q4_K_M.json",
                                          "certificates/Q4_K_M.json.sig",
                                          "certificates/Q8_0.json",
                                          "certificates/old/Q8_0.json",
                                          "Q8_0.json"};
  CHECK(certificate_paths(paths, "") ==
        std::vector<std::string>{"certificates/Q4_K_M.json", "certificates/Q8_0.json"});
  for (const auto* target : {"gguf:Q8_0", "Q8_0", "q8_0", "GGUF:q8_0"})
    CHECK(certificate_paths(paths, target) == std::vector<std::string>{"certificates/Q8_0.json"});
  CHECK(certificate_paths(paths, "Q8").empty());
}

TEST_CASE("cert check: of a target there is one, even if names differ in case only",
          "[cli][cert]") {
  const std::vector<std::string> paths = {"certificates/Q4_K_m.json", "certificates/Q4_K_M.json",
                                          "certificates/q4_k_m.json"};
  CHECK(certificate_paths(paths, "") == paths);
  const auto only = [&paths](const std::string& target) {
    const auto found = certificate_paths(paths, target);
    REQUIRE(found.size() == 1);
    return found[0];
  };
  CHECK(only("gguf:Q4_K_M") == "certificates/Q4_K_M.json");
  CHECK(only("q4_k_m") == "certificates/q4_k_m.json");
  CHECK(only("Q4_K_m") == "certificates/Q4_K_m.json");
  CHECK(only("Q4_k_m") == "certificates/Q4_K_m.json");  // none is exact: the first
}
