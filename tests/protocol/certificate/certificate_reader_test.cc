#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "tests/protocol/certificate/sample.h"

using namespace waag;
using namespace waag::certificate;
using waag::certificate::testing::sample_certificate;

namespace {

/// As its own text, of which `from`, which must be there, is replaced by `to`.
Result<Certificate> parse_with(const std::string& from, const std::string& to) {
  auto text = text_of(sample_certificate());
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  text.replace(at, from.size(), to);
  return parse_certificate(text);
}

void is_refused(const std::string& from, const std::string& to, const std::string& why) {
  CAPTURE(from, to);
  const auto parsed = parse_with(from, to);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::invalid_argument);
  CHECK_THAT(parsed.error().what, Catch::Contains(why));
}

}  // namespace

TEST_CASE("certificate: read as it was written", "[protocol][certificate_reader]") {
  auto of = sample_certificate();
  REQUIRE(parse_certificate(text_of(of)));
  CHECK(*parse_certificate(text_of(of)) == of);
  of.reasons.clear();
  of.tensors.clear();
  of.imatrix.reset();
  of.tensors.push_back({"back\\slash \"and\" é 模型/weight", "F16", {}, 0.0, 0, 0, {}});
  of.verdict = Verdict::pass;
  of.tokens = std::numeric_limits<std::uint64_t>::max();
  CHECK(*parse_certificate(text_of(of)) == of);
}

TEST_CASE("certificate: numbers keep their last bit", "[protocol][certificate_reader]") {
  std::mt19937_64 bits(20261127);
  std::vector<double> values = {0.1,    1.0 / 3,
                                -0.0,   5e-324,
                                1e22,   9007199254740993.0,
                                1e-300, std::numeric_limits<double>::max(),
                                7.0};
  while (values.size() < 5000) {
    const auto value = std::bit_cast<double>(bits());
    if (std::isfinite(value)) values.push_back(value);
  }
  auto of = sample_certificate();
  of.blocks = values;
  const auto read = parse_certificate(text_of(of));
  REQUIRE(read);
  REQUIRE(read->blocks.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(std::bit_cast<std::uint64_t>(read->blocks[i]) == std::bit_cast<std::uint64_t>(values[i]));
}

TEST_CASE("certificate: only white space may differ", "[protocol][certificate_reader]") {
  CHECK(parse_with("{\n", " \t\r\n{"));
  CHECK(parse_with(R"("size": 612)", R"("size":612   )"));
  is_refused("\"places\": 4080", "\"places\": 4080.0", "no whole number (in \"places\")");
  is_refused("\"places\": 4080", "\"places\": 04080", "no whole number");
  is_refused("\"places\": 4080", "\"places\": -1", "no whole number");
  is_refused("\"places\": 4080", "\"places\": 18446744073709551616", "no whole number");
  for (const auto* number :
       {"NaN", "inf", "1e999", ".9", "2.", "+2", "2e", "02.0", "-", "\"2.0\"", "null", "true"})
    is_refused("\"factor\": 2.0", "\"factor\": " + std::string(number),
               "no finite number (in \"factor\")");
  CHECK(parse_with("\"factor\": 2.0", "\"factor\": 2")->limits.factor == 2);
  CHECK(parse_with("\"factor\": 2.0", "\"factor\": 20E-1")->limits.factor == 2);
}

TEST_CASE("certificate: members missing, unknown, twice, in another order",
          "[protocol][certificate_reader]") {
  is_refused("waag-certificate-1", "waag-certificate-2", "another schema");
  is_refused("waag-certificate-1", "", "another schema");
  is_refused("  \"schema\": \"waag-certificate-1\",\n", "", "no member \"schema\"");
  is_refused("    \"context\": 512,\n", "", "no member \"context\"");
  is_refused("    \"context\": 512,\n", "    \"context\": 512,\n    \"context\": 512,\n",
             "no member \"tokens\"");
  is_refused("    \"context\": 512,\n", "    \"note\": 1,\n    \"context\": 512,\n",
             "no member \"context\"");
  is_refused("\"context\": 512,\n    \"tokens\": 8192", "\"tokens\": 8192,\n    \"context\": 512",
             "no member \"context\"");
  is_refused(", \"size\": 612}", "}", "no ','");
  is_refused(", \"size\": 612}", ", \"size\": 612, \"mode\": 1}", "no '}'");
  is_refused("\"files\": [", "\"files\": {\"a\": [", "no '['");
  is_refused("\n}\n", "\n},{}\n", "more than one object");
  is_refused("\n}\n", "\n", "no '}'");
}

TEST_CASE("certificate: values of the wrong kind", "[protocol][certificate_reader]") {
  is_refused(std::string(64, '3'), std::string(63, '3'), "(in \"sha256\")");
  is_refused(std::string(64, '3'), std::string(63, '3') + "g", "(in \"sha256\")");
  is_refused("\"ed25519:", "\"", "no key of Ed25519");
  is_refused("\"verdict\": \"warn\"", "\"verdict\": \"Warn\"", "none of pass, warn, fail");
  is_refused("2026-11-27T11:00:00.000Z", "2026-11-27", "(in \"time\")");
  is_refused("\"repo\": \"ada/tiny\"", "\"repo\": 7", "no '\"'");
  is_refused("\"repo\": \"ada/tiny\"", "\"repo\": \"ada\"", "no repo's name");
  is_refused("\"repo\": \"ada/tiny\"", "\"repo\": \"ada/../tiny\"", "no repo's name");
  is_refused("gguf:Q4_K_M", "gguf:../../x", "no target");
  is_refused("gguf:Q4_K_M", "gguf:", "no target");
  is_refused("gguf:Q4_K_M", "Q4_K_M", "no target");
  is_refused("\"cpu\": \"avx512\"", "\"cpu\": \"\\u001b[2J\"", "an escape");
  is_refused("\"cpu\": \"avx512\"", "\"cpu\": \"\x1b[2J\"", "a control character");
  is_refused("\"cpu\": \"avx512\"", "\"cpu\": \"\xff\"", "not UTF-8");
  is_refused("\"cpu\": \"avx512\"", "\"cpu\": \"" + std::string(1025, 'x') + "\"", "too long");
}

TEST_CASE("certificate: paths stay inside, and name one file each",
          "[protocol][certificate_reader]") {
  for (const auto* path : {"/etc/passwd", "../x", "a/../../x", "a//b", "", ".git/config", "C:x"})
    is_refused("\"tiny-Q4_K_M.gguf\"", '"' + std::string(path) + '"', "no path in a repo");
  is_refused("\"tiny-Q4_K_M.gguf\"", R"("a\\b")", "no path in a repo");
  is_refused("\"model.safetensors\"", "\"config.json\"", "named twice");
  is_refused("\"output_norm.weight\"", "\"blk.0.attn_q.weight\"", "twice");
  auto of = sample_certificate();
  of.output_files.clear();
  CHECK_FALSE(parse_certificate(text_of(of)));
}

TEST_CASE("certificate: lists and texts without end", "[protocol][certificate_reader]") {
  auto of = sample_certificate();
  of.reasons.assign(reasons_max + 1, "x");
  CHECK(parse_certificate(text_of(of)).error().code == Errc::too_large);
  of = sample_certificate();
  of.blocks.assign(blocks_max + 1, 0);
  CHECK(parse_certificate(text_of(of)).error().code == Errc::too_large);
  of = sample_certificate();
  of.tensors[0].shape.assign(rank_max + 1, 1);
  CHECK(parse_certificate(text_of(of)).error().code == Errc::too_large);
  const std::string spaces(certificate_bytes_max, ' ');
  CHECK(parse_certificate(text_of(sample_certificate()) + spaces).error().code == Errc::too_large);
}

TEST_CASE("certificate: cut anywhere, it is refused", "[protocol][certificate_reader]") {
  const auto text = text_of(sample_certificate());
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(parse_certificate(std::string_view(text).substr(0, size)));
  }
  CHECK(parse_certificate(std::string_view(text).substr(0, text.size() - 1)));  // the line feed
}

TEST_CASE("certificate: what cannot be written is refused when read",
          "[protocol][certificate_reader]") {
  auto of = sample_certificate();
  of.figures.kld_max = std::numeric_limits<double>::infinity();
  CHECK_FALSE(parse_certificate(text_of(of)));
  of = sample_certificate();
  of.cpu = "\xff";
  CHECK_FALSE(*parse_certificate(text_of(of)) == of);
}
