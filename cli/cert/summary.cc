#include "cli/cert/summary.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

#include "cli/print.h"

namespace waag::cli {
namespace {

using certificate::Certificate;
using certificate::Tensor;

constexpr std::size_t worst_max = 5;
constexpr std::size_t name_columns = 12;

/// "0.048"; as many digits as say something.
std::string figure(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", share * 100);
  return text.data();
}

void line(std::ostream& out, std::string_view name, const std::string& text) {
  out << name << std::string(name_columns - std::min(name.size(), name_columns - 1), ' ') << text
      << '\n';
}

std::string shape_of(const Tensor& tensor) {
  std::string text;
  for (const auto size : tensor.shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

/// Of those that lost something, the ones with the least signal for their noise, worst first.
std::vector<const Tensor*> worst_of(const Certificate& of) {
  std::vector<const Tensor*> lossy;
  for (const auto& tensor : of.tensors)
    if (tensor.sqnr_db) lossy.push_back(&tensor);
  std::ranges::stable_sort(lossy, {}, [](const Tensor* tensor) { return *tensor->sqnr_db; });
  lossy.resize(std::min(lossy.size(), worst_max));
  return lossy;
}

void print_origin(std::ostream& out, const Certificate& of) {
  line(out, "target", of.target);
  line(out, "verdict", std::string(to_string(of.verdict)));
  for (const auto& reason : of.reasons) line(out, "because", reason);
  line(out, "source", of.source_repo + " at " + of.source_commit.hex());
  line(out, "output", of.output_repo);
  for (const auto& file : of.output_files)
    line(out, "", file.path + "  " + human_bytes(file.size_bytes));
  if (of.imatrix) line(out, "imatrix", "sha256 " + of.imatrix->hex());
  line(out, "made by",
       of.tool_name + " " + of.tool_version + " (" + of.float_mode + ", via " + of.via + ") on " +
           of.device + ", " + of.cpu);
  line(out, "time", hub::format_date(of.time));
  line(out, "key", "ed25519:" + of.key.hex());
}

void print_figures(std::ostream& out, const Certificate& of) {
  const auto& is = of.figures;
  line(out, "text",
       of.text_id + ", " + std::to_string(of.tokens) + " tokens in windows of " +
           std::to_string(of.context) + ", " + std::to_string(is.places) + " places scored");
  line(out, "perplexity",
       figure(is.perplexity_reference) + " before, " + figure(is.perplexity_other) +
           " after; ln of the ratio " + figure(is.ln_perplexity_ratio) + " ± " +
           figure(is.ln_perplexity_ratio_error) + " (limit " +
           figure(of.limits.ln_perplexity_ratio) + ")");
  line(out, "divergence",
       "mean " + figure(is.kld_mean) + " ± " + figure(is.kld_error) + " (limit " +
           figure(of.limits.kld_mean) + "), median " + figure(is.kld_median) + ", 99 % " +
           figure(is.kld_p99) + " (limit " + figure(of.limits.kld_p99) + "), most " +
           figure(is.kld_max) + " nats");
  line(out, "same top", percent(is.same_top) + " (limit " + percent(of.limits.same_top) + ")");
  if (of.blocks.empty()) return;
  const auto worst = std::ranges::max_element(of.blocks);
  line(out, "blocks",
       std::to_string(of.blocks.size()) + ", error " + figure(of.blocks.back()) +
           " after the last, most after block " + std::to_string(worst - of.blocks.begin()) + ": " +
           figure(*worst));
}

void print_tensors(std::ostream& out, const Certificate& of) {
  const auto worst = worst_of(of);
  line(out, "tensors",
       std::to_string(of.tensors.size()) +
           (worst.empty() ? ", all exact" : ", those that lost most:"));
  std::vector<std::vector<std::string>> lines;
  for (const auto* tensor : worst)
    lines.push_back({"  " + tensor->name, tensor->type, shape_of(*tensor),
                     figure(*tensor->sqnr_db) + " dB", figure(tensor->rel_rmse),
                     figure(tensor->max_error)});
  print_table(out, {"  TENSOR", "TYPE", "SHAPE", "SQNR", "REL. RMSE", "MOST"}, lines);
}

}  // namespace

void print_summary(std::ostream& out, const Certificate& of) {
  print_origin(out, of);
  print_figures(out, of);
  print_tensors(out, of);
}

}  // namespace waag::cli
