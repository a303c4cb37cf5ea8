#include "convert/forward_job/logits_job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "convert/forward_job/events.h"
#include "convert/forward_job/made_weights.h"

namespace waag::convert {
namespace {

std::string line_of(std::uint64_t text, std::uint64_t token, std::span<const float> logits) {
  std::string line = R"({"event":"logits","text":)" + std::to_string(text) + R"(,"token":)" +
                     std::to_string(token) + R"(,"logits":[)";
  std::array<char, 32> number{};
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (i > 0) line += ',';
    const auto end = std::to_chars(number.data(), number.data() + number.size(), logits[i]).ptr;
    line.append(number.data(), end);
  }
  return line + "]}\n";
}

/// A token whose logits are wanted.
struct Wanted {
  std::uint64_t text = 0;
  std::uint64_t token = 0;
};

std::vector<Wanted> wanted_of(const TextsSpec& spec) {
  std::vector<Wanted> wanted;
  for (std::uint64_t text = 0; text < spec.texts.size(); ++text) {
    const auto length = spec.texts[text].size();
    for (auto token = spec.is_of_all ? 0 : length - 1; token < length; ++token)
      wanted.push_back({text, token});
  }
  return wanted;
}

/// @return the rows that the wanted logits are made of, one behind the other
Result<std::vector<float>> run_blocks(const Forward& forward, const Engine& engine,
                                      const TextsSpec& spec) {
  WAAG_TRY(auto state, forward.begin(engine, spec.texts));
  for (std::uint64_t block = 0; block < forward.blocks(); ++block)
    WAAG_CHECK(forward.block(engine, block, state));
  std::vector<std::uint64_t> tokens;
  for (const auto& wanted : wanted_of(spec))
    tokens.push_back(state.texts.starts[wanted.text] + wanted.token);
  return forward.finish(engine, state, tokens);
}

/// Logits of the rows, some at a time: of all of a long text they would be gigabytes.
Status each_logits(const Forward& forward, const Engine& engine, const TextsSpec& spec,
                   std::span<const float> rows,
                   const std::function<void(const Wanted&, std::span<const float>)>& say) {
  constexpr std::size_t rows_at_once = 64;
  const auto& of = forward.facts().of;
  const auto wanted = wanted_of(spec);
  for (std::size_t first = 0; first < wanted.size(); first += rows_at_once) {
    const auto count = std::min(rows_at_once, wanted.size() - first);
    std::vector<float> logits(count * of.vocabulary);
    WAAG_CHECK(forward.logits(engine, rows.subspan(first * of.hidden, count * of.hidden), 0,
                              of.vocabulary, logits));
    for (std::size_t i = 0; i < count; ++i)
      say(wanted[first + i], std::span(logits).subspan(i * of.vocabulary, of.vocabulary));
  }
  return ok();
}

}  // namespace

Status run_logits(const TextsSpec& spec, const std::function<void(std::string_view)>& sink) {
  WAAG_TRY(const auto source, SourceModel::open(spec.model));
  WAAG_TRY(const auto forward, Forward::open(source));
  WAAG_TRY(const auto made, open_made(spec.made, source, forward));
  Workers workers(workers_of(spec.threads));
  const Engine engine{*made.weights, workers};
  const auto begun = std::chrono::steady_clock::now();
  WAAG_TRY(const auto rows, run_blocks(forward, engine, spec));
  const auto say = [&](const Wanted& wanted, std::span<const float> logits) {
    sink(line_of(wanted.text, wanted.token, logits));
  };
  WAAG_CHECK(each_logits(forward, engine, spec, rows, say));
  sink(end_line(spec.texts, begun));
  return ok();
}

}  // namespace waag::convert
