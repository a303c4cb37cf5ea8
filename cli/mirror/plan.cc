#include "cli/mirror/plan.h"

#include <algorithm>
#include <array>
#include <ostream>

#include <boost/json/array.hpp>

#include "cli/jobs/progress_line.h"
#include "cli/jobs/watch.h"
#include "cli/print.h"

namespace waag::cli {
namespace {

namespace json = boost::json;

constexpr std::array numbers{"files", "bytes", "bytes_here", "bytes_here_by_chunk"};
using Sums = std::array<std::uint64_t, numbers.size()>;

const json::object* object_of(const json::value& from, std::string_view key) {
  const auto* found = from.is_object() ? from.get_object().if_contains(key) : nullptr;
  return found != nullptr && found->is_object() ? &found->get_object() : nullptr;
}

std::vector<std::string> line_of(const std::string& name, const std::string& revision,
                                 const Sums& sums) {
  const auto [files, bytes, here, by_chunk] = sums;
  return {name,
          revision,
          std::to_string(files),
          human_bytes(bytes),
          human_bytes(here),
          human_bytes(by_chunk),
          human_bytes(bytes - std::min(bytes, here + by_chunk))};
}

}  // namespace

std::uint64_t number_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

int show_plan(Context& context, const json::value& answer) {
  int code = exit_ok;
  Sums total{};
  std::vector<std::vector<std::string>> lines;
  const auto* jobs = answer.is_object() ? answer.get_object().if_contains("jobs") : nullptr;
  if (jobs == nullptr || !jobs->is_array()) {
    context.world.err << "waag: the hub gave no jobs\n";
    return exit_refused;
  }
  for (const auto& id : jobs->get_array()) {
    const auto number = id.is_number() ? id.to_number<std::uint64_t>() : 0;
    if (watch_job(context, number) != exit_ok) code = exit_refused;
    const auto job = context.hub.call("GET", "/api/waag/v1/jobs/" + std::to_string(number));
    if (job.failure) return context.refuse(*job.failure);
    const auto* spec = object_of(job.json, "spec");
    const auto* result = object_of(job.json, "result");
    if (spec == nullptr || result == nullptr) continue;
    Sums sums{};
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = number_of(*result, numbers[i]);
      total[i] += sums[i];
    }
    lines.push_back(line_of(printable(field_text(*spec, "repo")),
                            printable(field_text(*spec, "revision")), sums));
  }
  if (!context.json && !lines.empty()) {
    lines.push_back(line_of("all", "", total));
    print_table(context.world.out,
                {"REPO", "REVISION", "FILES", "BYTES", "HERE", "BY CHUNK", "TO COME"}, lines);
  }
  if (const auto error = field_text(answer, "error"); !error.empty()) {
    context.world.err << "waag: " << printable(error) << '\n';
    code = exit_refused;
  }
  return code;
}

}  // namespace waag::cli
