#pragma once

#include <string>

/// What `waag-convert --validate` says, with anything in it changed.
namespace waag::daemon::testing {

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == text.npos ? "no " + from : text.replace(at, from.size(), to);
}

inline const std::string text_line = R"({"event":"text","id":"waag-evaluation-1","sha256":")" +
                                     std::string(64, 'a') + R"(","tokenizer_sha256":")" +
                                     std::string(64, 'b') +
                                     R"(","context":512,"tokens":64,"places":30})";
inline const std::string weights_line =
    R"({"event":"weights","target":"gguf:F16","name":"t","type":"F16","shape":[2,4],)"
    R"("sqnr_db":70.5,"rel_rmse":0.25,"max_error":0.5,"sha256":")" +
    std::string(64, 'c') + "\"}";
inline const std::string block_line =
    R"({"event":"block","target":"gguf:F16","block":0,"blocks":1,"error":0.01})";
inline const std::string compared_line =
    R"({"event":"compared","target":"gguf:F16","places":30,"perplexity_reference":10.5,)"
    R"("perplexity_other":11,"ln_perplexity_ratio":-0.04,"ln_perplexity_ratio_error":0.01,)"
    R"("kld_mean":0.03,"kld_error":0.002,"kld_median":-1e-12,"kld_p90":0.1,"kld_p99":0.3,)"
    R"("kld_p999":0.5,"kld_max":0.6,"same_top":1,"next_mean":-0.001,"next_rms":0.05})";
inline const std::string verdict_line =
    R"({"event":"verdict","target":"gguf:F16","verdict":"pass","limits":{"kld_mean":0.06,)"
    R"("kld_p99":0.6,"same_top":0.9,"ln_perplexity_ratio":0.05,"factor":2},"reasons":[]})";
inline const std::string done_line = R"({"event":"done","tokens":64,"seconds":0.5})";

}  // namespace waag::daemon::testing
