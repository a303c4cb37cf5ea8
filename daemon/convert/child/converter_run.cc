#include "daemon/convert/child/converter_run.h"

#include <algorithm>
#include <thread>

namespace waag::daemon {
namespace {

namespace fs = std::filesystem;

// The converter's exit codes.
constexpr int bad_spec = 2;
constexpr int refused = 3;
constexpr int try_again = 4;

fs::path program_of(const Config::Convert& config) {
  if (!config.program.empty()) return fs::absolute(config.program);
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path() / "waag-convert";
}

Status judge(const ChildEnd& end, const ConverterSaid& of_it) {
  const auto said = !of_it.refusal.empty() ? of_it.refusal : end.error_text;
  switch (end.code) {
    case 0:
      if (of_it.done) return ok();
      return fail(Errc::unprocessable, "the converter ended before it was done");
    case bad_spec:
      return fail(Errc::internal, "the converter does not take the job: " + said);
    case refused:
      return fail(Errc::unprocessable, said.empty() ? "the converter refused the source" : said);
    case try_again:
      return fail(Errc::unavailable, "the converter could not read or write: " + said);
    default:
      break;
  }
  const auto how = end.signal != 0 ? "by signal " + std::to_string(end.signal)
                                   : "with code " + std::to_string(end.code);
  return fail(Errc::internal, "the converter crashed " + how + (said.empty() ? "" : ": " + said));
}

}  // namespace

Status run_converter_program(const Config::Convert& config, ChildOptions options,
                             const std::stop_token& stop, const TakeLine& take,
                             const ConverterSaid& said) {
  options.program = program_of(config);
  options.time_max = std::chrono::seconds(config.time_max_s);
  const auto end = run_child(options, stop, take);
  // It has had all the time that it may have: another day would not help.
  if (!end && end.error().code == Errc::deadline_exceeded)
    return fail(Errc::unprocessable, "the converter took longer than convert.time_max_s");
  if (!end && end.error().code == Errc::not_found)
    return fail(Errc::internal, "there is no converter: " + end.error().what);
  WAAG_CHECK(end);
  return judge(*end, said);
}

unsigned converter_threads(const Config::Convert& config) {
  return config.threads > 0 ? config.threads : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace waag::daemon
