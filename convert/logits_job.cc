#include "convert/logits_job.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <thread>

#include "convert/forward/forward.h"
#include "convert/forward/weights/gguf_weights.h"
#include "convert/forward/weights/source_weights.h"
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
    constexpr std::array<std::string_view, 5> known{"model", "gguf", "tokens", "of", "threads"};
    if (std::ranges::find(known, std::string_view(member.key())) == known.end())
      return bad("unknown member " + std::string(member.key()));
  }
  WAAG_TRY(spec.model, absolute(from, "model"));
  if (from.contains("gguf")) {
    WAAG_TRY(spec.gguf, absolute(from, "gguf"));
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

Result<std::unique_ptr<ModelWeights>> open_weights(const LogitsSpec& spec,
                                                   const SourceModel& source,
                                                   const Forward& forward) {
  std::unique_ptr<ModelWeights> weights;
  if (spec.gguf.empty()) {
    weights = std::make_unique<SourceModelWeights>(source, forward.facts().of);
  } else {
    WAAG_TRY(auto gguf, GgufWeights::open(spec.gguf, source));
    weights = std::make_unique<GgufWeights>(std::move(gguf));
  }
  return weights;
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
  WAAG_TRY(const auto weights, open_weights(spec, source, forward));
  Workers workers(spec.threads > 0 ? spec.threads
                                   : std::max(1u, std::thread::hardware_concurrency()));
  const auto begun = std::chrono::steady_clock::now();
  WAAG_TRY(const auto rows, run_blocks(forward, {*weights, workers}, spec));
  const auto say = [&](const Wanted& wanted, std::span<const float> logits) {
    sink(line_of(wanted.text, wanted.token, logits));
  };
  WAAG_CHECK(each_logits(forward, {*weights, workers}, spec, rows, say));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::uint64_t tokens = 0;
  for (const auto& text : spec.texts) tokens += text.size();
  sink(R"({"event":"done","tokens":)" + std::to_string(tokens) + R"(,"seconds":)" +
       std::to_string(took.count()) + "}\n");
  return ok();
}

}  // namespace waag::convert
