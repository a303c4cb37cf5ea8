#include "convert/logits_job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <thread>

#include <boost/json/serialize.hpp>

#include "convert/forward/forward.h"
#include "convert/forward/weights/gguf_weights.h"
#include "convert/forward/weights/source_weights.h"
#include "convert/validate/comparison.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr std::uint64_t threads_max = 1024;

Error bad(const std::string& what) { return fail(Errc::invalid_argument, "logits: " + what); }

Result<std::filesystem::path> absolute(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto text, hub::json_required_string(from, key));
  std::filesystem::path path(text);
  if (!path.is_absolute()) return bad(std::string(key) + " is no absolute path");
  return path;
}

Result<std::vector<std::uint32_t>> read_tokens(const json::value& from) {
  std::vector<std::uint32_t> tokens;
  if (!from.is_array()) return bad("tokens is no list of lists of numbers");
  for (const auto& item : from.get_array()) {
    const auto* number = item.if_int64();
    if (number == nullptr || *number < 0 || *number > UINT32_MAX)
      return bad("tokens is no list of lists of numbers");
    tokens.push_back(static_cast<std::uint32_t>(*number));
  }
  return tokens;
}

Result<LogitsSpec> read_spec(std::string_view text) {
  LogitsSpec spec;
  WAAG_TRY(const auto from, hub::parse_json_object(text));
  for (const auto& member : from) {
    constexpr std::array<std::string_view, 6> known{"model",  "gguf", "folder",
                                                    "tokens", "of",   "threads"};
    if (std::ranges::find(known, std::string_view(member.key())) == known.end())
      return bad("unknown member " + std::string(member.key()));
  }
  WAAG_TRY(spec.model, absolute(from, "model"));
  if (from.contains("gguf")) {
    WAAG_TRY(spec.gguf, absolute(from, "gguf"));
  }
  if (from.contains("folder")) {
    if (!spec.gguf.empty()) return bad("gguf and folder are two results");
    WAAG_TRY(spec.folder, absolute(from, "folder"));
  }
  const auto* texts = hub::json_array(from, "tokens");
  if (texts == nullptr || texts->empty()) return bad("tokens is missing");
  for (const auto& item : *texts) {
    WAAG_TRY(auto tokens, read_tokens(item));
    spec.texts.push_back(std::move(tokens));
  }
  WAAG_TRY(const auto of, hub::json_string(from, "of"));
  if (of && *of != "last" && *of != "all") return bad("of is neither last nor all");
  spec.is_of_all = of && *of == "all";
  WAAG_TRY(const auto threads, hub::json_uint(from, "threads"));
  if (threads.value_or(0) > threads_max) return bad("threads is above 1024");
  spec.threads = static_cast<unsigned>(threads.value_or(0));
  return spec;
}

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

/// The weights that a spec names, of a model whose config.json `forward` knows.
struct NamedWeights {
  std::unique_ptr<SourceModel> folder;  // outlives `weights`
  std::unique_ptr<ModelWeights> weights;
};

Result<NamedWeights> open_weights(const LogitsSpec& spec, const SourceModel& source,
                                  const Forward& forward) {
  NamedWeights named;
  if (!spec.gguf.empty()) {
    WAAG_TRY(auto gguf, GgufWeights::open(spec.gguf, source));
    named.weights = std::make_unique<GgufWeights>(std::move(gguf));
    return named;
  }
  const auto* of = &source;
  if (!spec.folder.empty()) {
    WAAG_TRY(auto opened, SourceModel::open(spec.folder));
    named.folder = std::make_unique<SourceModel>(std::move(opened));
    of = named.folder.get();
  }
  named.weights = std::make_unique<SourceModelWeights>(*of, forward.facts().of);
  return named;
}

unsigned workers_of(const LogitsSpec& spec) {
  return spec.threads > 0 ? spec.threads : std::max(1u, std::thread::hardware_concurrency());
}

std::string end_line(const LogitsSpec& spec, std::chrono::steady_clock::time_point begun) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::uint64_t tokens = 0;
  for (const auto& text : spec.texts) tokens += text.size();
  return R"({"event":"done","tokens":)" + std::to_string(tokens) + R"(,"seconds":)" +
         std::to_string(took.count()) + "}\n";
}

json::object object_of(const DivergenceSummary& of) {
  return {{"event", "compared"},
          {"places", of.places},
          {"perplexity_reference", of.perplexity_reference},
          {"perplexity_other", of.perplexity_other},
          {"ln_perplexity_ratio", of.ln_perplexity_ratio},
          {"ln_perplexity_ratio_error", of.ln_perplexity_ratio_error},
          {"kld_mean", of.kld_mean},
          {"kld_error", of.kld_error},
          {"kld_median", of.kld_median},
          {"kld_p90", of.kld_p90},
          {"kld_p99", of.kld_p99},
          {"kld_p999", of.kld_p999},
          {"kld_max", of.kld_max},
          {"same_top", of.same_top},
          {"next_mean", of.next_mean},
          {"next_rms", of.next_rms}};
}

/// A token whose logits are wanted.
struct Wanted {
  std::uint64_t text = 0;
  std::uint64_t token = 0;
};

std::vector<Wanted> wanted_of(const LogitsSpec& spec) {
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
                                      const LogitsSpec& spec) {
  WAAG_TRY(auto state, forward.begin(engine, spec.texts));
  for (std::uint64_t block = 0; block < forward.blocks(); ++block)
    WAAG_CHECK(forward.block(engine, block, state));
  std::vector<std::uint64_t> tokens;
  for (const auto& wanted : wanted_of(spec))
    tokens.push_back(state.texts.starts[wanted.text] + wanted.token);
  return forward.finish(engine, state, tokens);
}

/// Logits of the rows, some at a time: of all of a long text they would be gigabytes.
Status each_logits(const Forward& forward, const Engine& engine, const LogitsSpec& spec,
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

Result<LogitsSpec> parse_logits_spec(std::string_view text) {
  auto spec = read_spec(text);
  if (!spec) return fail(Errc::invalid_argument, spec.error().what);
  return spec;
}

Status run_logits(const LogitsSpec& spec, const std::function<void(std::string_view)>& sink) {
  WAAG_TRY(const auto source, SourceModel::open(spec.model));
  WAAG_TRY(const auto forward, Forward::open(source));
  WAAG_TRY(const auto named, open_weights(spec, source, forward));
  Workers workers(workers_of(spec));
  const Engine engine{*named.weights, workers};
  const auto begun = std::chrono::steady_clock::now();
  WAAG_TRY(const auto rows, run_blocks(forward, engine, spec));
  const auto say = [&](const Wanted& wanted, std::span<const float> logits) {
    sink(line_of(wanted.text, wanted.token, logits));
  };
  WAAG_CHECK(each_logits(forward, engine, spec, rows, say));
  sink(end_line(spec, begun));
  return ok();
}

Status run_comparison(const LogitsSpec& spec, const std::function<void(std::string_view)>& sink) {
  if (spec.gguf.empty() && spec.folder.empty())
    return fail(Errc::invalid_argument, "compare: gguf or folder is missing");
  WAAG_TRY(const auto source, SourceModel::open(spec.model));
  WAAG_TRY(const auto forward, Forward::open(source));
  WAAG_TRY(const auto made, open_weights(spec, source, forward));
  const SourceModelWeights own(source, forward.facts().of);
  Workers workers(workers_of(spec));
  const auto begun = std::chrono::steady_clock::now();
  const auto say = [&](std::uint64_t block, double error) {
    sink(json::serialize(json::object{{"event", "block"}, {"block", block}, {"error", error}}) +
         "\n");
  };
  WAAG_TRY(const auto places,
           compare_models(forward, {own, workers}, {*made.weights, workers}, spec.texts, say));
  sink(json::serialize(object_of(summarize(places))) + "\n");
  sink(end_line(spec, begun));
  return ok();
}

}  // namespace waag::convert
