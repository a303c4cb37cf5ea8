#include <array>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <unistd.h>

#include "convert/converter.h"
#include "convert/device/device_files.h"
#include "convert/forward_job/comparison_job.h"
#include "convert/forward_job/logits_job.h"
#include "convert/gpu/gpu.h"
#include "convert/pipeline/in_order.h"
#include "convert/sandbox.h"
#include "convert/tokens_job.h"
#include "convert/validation_job/validation_job.h"

// waag-convert: a job spec on stdin, progress on stdout, an exit code (docs/CONVERT.md). A program
// of its own, because it reads files from outside: without network, secrets and other files.

namespace {

using namespace waag;
using namespace waag::convert;

enum ExitCode : int { done = 0, failed = 1, bad_spec = 2, refused = 3, try_again = 4 };

ExitCode exit_code(const Error& error) {
  switch (error.code) {
    case Errc::invalid_argument:
    case Errc::unprocessable:
    case Errc::not_found:
    case Errc::too_large:
      return refused;
    case Errc::no_space:
    case Errc::unavailable:
      return try_again;
    default:
      return failed;
  }
}

/// All of stdin, or more than a spec may have.
std::string read_spec_text(std::size_t bytes_max) {
  std::string text;
  std::array<char, 64 * 1024> block;
  while (text.size() <= bytes_max && std::cin) {
    std::cin.read(block.data(), block.size());
    text.append(block.data(), static_cast<std::size_t>(std::cin.gcount()));
  }
  return text;
}

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

SandboxPaths paths_of(const JobSpec& spec) {
  SandboxPaths paths{.read = {spec.source}, .write = {spec.output}, .devices = {}};
  for (const auto& target : spec.targets)
    if (!target.importance.empty()) paths.read.push_back(target.importance);
  return paths;
}

/// @param is_there  something of a driver's
Result<std::unique_ptr<TileDevice>> open_device(bool is_there, unsigned slots) {
  if (gpu::has_kernels() && !is_there)
    return fail(Errc::unavailable, "there is no CUDA device: /dev has no nvidia*");
  return gpu::open_device(slots);
}

/// Closes the process in, and chooses the device. Its driver makes threads, and reads files and
/// calls the system as it likes until it is there: all of it before anything of the model is read.
Result<std::unique_ptr<DeviceUse>> close_in(const JobSpec& spec, Progress& progress) {
  auto paths = paths_of(spec);
  const auto files =
      spec.device != Device::cpu && gpu::has_kernels() ? find_device_files() : DeviceFiles{};
  const auto open = [&] {
    return open_device(!files.nodes.empty(), pieces_held_max(threads_of(spec)));
  };
  if (files.nodes.empty()) {
    WAAG_CHECK(enter_sandbox(paths));
    return DeviceUse::choose(spec.device, open, progress);
  }
  paths.devices = files.nodes;
  paths.read.insert(paths.read.end(), files.read.begin(), files.read.end());
  WAAG_CHECK(close_files(paths));
  WAAG_TRY(auto device, DeviceUse::choose(spec.device, open, progress));
  WAAG_CHECK(close_calls_beside_device());
  WAAG_CHECK(device->prove());
  return device;
}

/// What `device: auto` would do here, as the event that a job has of it.
int say_device() {
  Progress progress(print_line);
  const auto open = [] { return open_device(!find_device_files().nodes.empty(), 2); };
  const auto device = DeviceUse::choose(Device::automatic, open, progress);
  return device && (*device)->prove() ? done : failed;
}

int end_with(const Error& error, ExitCode code) {
  Progress(print_line).error(error.what);
  return code;
}

/// @param paths  all that the process reads from then on
int run_closed_in(const SandboxPaths& paths, const std::function<Status()>& run) {
  std::error_code ec;
  for (const auto& path : paths.read)
    if (!std::filesystem::exists(path, ec))
      return end_with(fail(Errc::not_found, path.string() + " is not there"), refused);
  if (const auto closed = enter_sandbox(paths); !closed) return end_with(closed.error(), failed);
  if (const auto result = run(); !result)
    return end_with(result.error(), exit_code(result.error()));
  return done;
}

/// Tokens of a text, by the model's tokenizer.
int say_tokens() {
  const auto spec = parse_tokens_spec(read_spec_text(job_spec_bytes_max));
  if (!spec) return end_with(spec.error(), bad_spec);
  const SandboxPaths paths{.read = {spec->model, spec->text}, .write = {}, .devices = {}};
  return run_closed_in(paths, [&] { return run_tokens(*spec, print_line); });
}

/// A forward pass over the tokens on stdin, or two.
int run_texts(decltype(parse_logits_spec)& parse, decltype(run_logits)& run) {
  const auto spec = parse(read_spec_text(texts_spec_bytes_max));
  if (!spec) return end_with(spec.error(), bad_spec);
  SandboxPaths paths{.read = {spec->model}, .write = {}, .devices = {}};
  for (const auto& path : spec->made.read_paths()) paths.read.push_back(path);
  return run_closed_in(paths, [&] { return run(*spec, print_line); });
}

/// Judges what was made of a model.
int run_validated() {
  const auto spec = parse_validation_spec(read_spec_text(validation_spec_bytes_max));
  if (!spec) return end_with(spec.error(), bad_spec);
  SandboxPaths paths{.read = {spec->model}, .write = {}, .devices = {}};
  if (!spec->text.empty()) paths.read.push_back(spec->text);
  for (const auto& result : spec->results)
    for (const auto& path : result.made.read_paths()) paths.read.push_back(path);
  return run_closed_in(paths, [&] { return run_validation(*spec, print_line); });
}

int command(std::string_view argument) {
  if (argument == "--devices") return say_device();
  if (argument == "--logits") return run_texts(parse_logits_spec, run_logits);
  if (argument == "--compare") return run_texts(parse_comparison_spec, run_comparison);
  if (argument == "--tokens") return say_tokens();
  if (argument == "--validate") return run_validated();
  const bool is_help = argument == "--help";
  std::fprintf(
      is_help ? stdout : stderr,
      "usage: waag-convert < job.json\n"
      "       waag-convert --devices\n"
      "       waag-convert --logits < texts.json\n"
      "       waag-convert --compare < texts.json\n"
      "       waag-convert --validate < results.json\n"
      "       waag-convert --tokens < text.json\n"
      "Converts a model folder as the job spec on stdin says (docs/CONVERT.md), says which\n"
      "device it would use, runs a model over tokens, runs it and what was made of it and says\n"
      "how far their predictions are apart, judges several results over a text, or makes tokens\n"
      "of a text.\n"
      "`waag convert` runs it for a repo of the hub.\n");
  return is_help ? done : bad_spec;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) return command(arguments[1]);
  const auto spec = parse_job_spec(read_spec_text(job_spec_bytes_max));
  if (!spec) return end_with(spec.error(), bad_spec);
  Progress progress(print_line);
  const auto device = close_in(*spec, progress);
  if (!device) {
    progress.error(device.error().what);
    return device.error().code == Errc::unprocessable ? refused : failed;
  }
  const auto output = posix_output_folder(spec->output);
  if (const auto result = run_job(*spec, *output, progress, device->get()); !result) {
    progress.error(result.error().what);
    return exit_code(result.error());
  }
  progress.done();
  return done;
}
