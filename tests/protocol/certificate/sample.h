#pragma once

#include "protocol/certificate/certificate.h"

namespace waag::certificate::testing {

/// A certificate with something in each member.
inline Certificate sample_certificate() {
  Certificate of;
  of.source_repo = "ada/tiny";
  of.source_commit = *CommitId::parse("0123456789abcdef0123456789abcdef01234567");
  of.source_files = {{"config.json", *BlobId::parse(std::string(64, '1')), 612},
                     {"model.safetensors", *BlobId::parse(std::string(64, '2')), 1234567}};
  of.output_repo = "ada/tiny-GGUF";
  of.target = "gguf:Q4_K_M";
  of.output_files = {{"tiny-Q4_K_M.gguf", *BlobId::parse(std::string(64, '3')), 345678}};
  of.imatrix = *BlobId::parse(std::string(64, '4'));
  of.tool_name = "waag-convert";
  of.tool_version = "0.1.0";
  of.float_mode = "no-fma";
  of.via = "bf16";
  of.tensors = {{"blk.0.attn_q.weight",
                 "Q4_K",
                 {896, 896},
                 22.9,
                 0.071,
                 0.003,
                 *BlobId::parse(std::string(64, '5'))},
                {"output_norm.weight",
                 "F32",
                 {896},
                 std::nullopt,
                 0,
                 0,
                 *BlobId::parse(std::string(64, '6'))}};
  of.text_id = "waag-evaluation-1";
  of.text_sha256 = *BlobId::parse(std::string(64, '7'));
  of.tokenizer_sha256 = *BlobId::parse(std::string(64, '8'));
  of.context = 512;
  of.tokens = 8192;
  of.figures = {4080, 13.92, 14.5, 0.041, 0.015, 0.048, 0.001, 0.02,
                0.1,  0.19,  0.4,  0.9,   0.886, -0.01, 0.05};
  of.blocks = {0.01, 0.02, 0.04};
  of.verdict = Verdict::warn;
  of.limits = {0.04, 0.4, 0.9, 0.05, 2.0};
  of.reasons = {"kld_mean 0.048 > 0.04"};
  of.device = "cpu";
  of.cpu = "avx512";
  of.time = std::chrono::milliseconds(1795777200000);
  of.key = *PublicKey::parse(std::string(64, '9'));
  return of;
}

}  // namespace waag::certificate::testing
