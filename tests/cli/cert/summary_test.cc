#include "cli/cert/summary.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "tests/protocol/certificate/sample.h"

using namespace waag;
using namespace waag::cli;
using waag::certificate::testing::sample_certificate;

namespace {

std::string summary_of(const certificate::Certificate& of) {
  std::ostringstream out;
  print_summary(out, of);
  return out.str();
}

}  // namespace

TEST_CASE("cert summary: what a certificate says", "[cli][cert]") {
  const auto key = std::string(64, '9'), imatrix = std::string(64, '4');
  CHECK(summary_of(sample_certificate()) ==
        "target      gguf:Q4_K_M\n"
        "verdict     warn\n"
        "because     kld_mean 0.048 > 0.04\n"
        "source      ada/tiny at 0123456789abcdef0123456789abcdef01234567\n"
        "output      ada/tiny-GGUF\n"
        "            tiny-Q4_K_M.gguf  338 KiB\n"
        "imatrix     sha256 " +
            imatrix +
            "\n"
            "made by     waag-convert 0.1.0 (no-fma, via bf16) on cpu, avx512\n"
            "time        2026-11-27T11:00:00.000Z\n"
            "key         ed25519:" +
            key +
            "\n"
            "text        waag-evaluation-1, 8192 tokens in windows of 512, 4080 places scored\n"
            "perplexity  13.92 before, 14.5 after; ln of the ratio 0.041 ± 0.015 (limit 0.05)\n"
            "divergence  mean 0.048 ± 0.001 (limit 0.04), median 0.02, 99 % 0.19 (limit 0.4), "
            "most 0.9 nats\n"
            "same top    88.6 % (limit 90.0 %)\n"
            "blocks      3, error 0.04 after the last, most after block 2: 0.04\n"
            "tensors     2, those that lost most:\n"
            "  TENSOR               TYPE  SHAPE    SQNR     REL. RMSE  MOST\n"
            "  blk.0.attn_q.weight  Q4_K  896x896  22.9 dB  0.071      0.003\n");
}

TEST_CASE("cert summary: the worst tensors first, and not all", "[cli][cert]") {
  auto of = sample_certificate();
  of.tensors.resize(1);
  for (int i = 0; i < 9; ++i) {
    of.tensors.push_back(of.tensors[0]);
    of.tensors.back().name = "t" + std::to_string(i);
    of.tensors.back().sqnr_db = 20.0 - i;
  }
  const auto text = summary_of(of);
  CHECK(text.find("t8") < text.find("t7"));
  CHECK(text.find("t4") != text.npos);
  CHECK(text.find("t3") == text.npos);
  of.tensors = {sample_certificate().tensors[1]};
  CHECK_THAT(summary_of(of), Catch::EndsWith("tensors     1, all exact\n"));
  of.blocks.clear();
  of.imatrix.reset();
  CHECK(summary_of(of).find("blocks") == std::string::npos);
  CHECK(summary_of(of).find("imatrix") == std::string::npos);
}
