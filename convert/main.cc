#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <unistd.h>

#include "convert/converter.h"
#include "convert/device/device_files.h"
#include "convert/gpu/gpu.h"
#include "convert/logits_job.h"
#include "convert/pipeline/in_order.h"
#include "convert/sandbox.h"
#include "convert/tokens_job.h"

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

/// All of stdin, or one byte more than a spec may have.
std::string read_spec_text() {
  std::string text(job_spec_bytes_max + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
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

/// A forward pass over the tokens on stdin, or two.
int run_texts(decltype(run_logits)& run) {
  Progress progress(print_line);
  const auto end = [&](const Error& error, ExitCode code) {
    progress.error(error.what);
    return code;
  };
  const auto spec = parse_logits_spec(read_spec_text());
  if (!spec) return end(spec.error(), bad_spec);
  SandboxPaths paths{.read = {spec->model}, .write = {}, .devices = {}};
  if (!spec->gguf.empty()) paths.read.push_back(spec->gguf.parent_path());
  if (!spec->folder.empty()) paths.read.push_back(spec->folder);
  if (const auto closed = enter_sandbox(paths); !closed) return end(closed.error(), failed);
  if (const auto result = run(*spec, print_line); !result)
    return end(result.error(), exit_code(result.error()));
  return done;
}

/// Tokens of a text, by the model's tokenizer.
int say_tokens() {
  Progress progress(print_line);
  const auto end = [&](const Error& error, ExitCode code) {
    progress.error(error.what);
    return code;
  };
  const auto spec = parse_tokens_spec(read_spec_text());
  if (!spec) return end(spec.error(), bad_spec);
  const SandboxPaths paths{.read = {spec->model, spec->text}, .write = {}, .devices = {}};
  if (const auto closed = enter_sandbox(paths); !closed) return end(closed.error(), failed);
  const auto result = run_tokens(*spec, print_line);
  return result ? done : end(result.error(), exit_code(result.error()));
}

int command(std::string_view argument) {
  if (argument == "--devices") return say_device();
  if (argument == "--logits") return run_texts(run_logits);
  if (argument == "--compare") return run_texts(run_comparison);
  if (argument == "--tokens") return say_tokens();
  const bool is_help = argument == "--help";
  std::fprintf(
      is_help ? stdout : stderr,
      "usage: waag-convert < job.json\n"
      "       waag-convert --devices\n"
      "       waag-convert --logits < texts.json\n"
      "       waag-convert --compare < texts.json\n"
      "       waag-convert --tokens < text.json\n"
      "Converts a model folder as the job spec on stdin says (docs/CONVERT.md), says which\n"
      "device it would use, runs a model over tokens, or runs it and what was made of it and\n"
      "says how far their predictions are apart, or makes tokens of a text.\n"
      "`waag convert` runs it for a repo of the hub.\n");
  return is_help ? done : bad_spec;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) return command(arguments[1]);
  Progress progress(print_line);
  const auto spec = parse_job_spec(read_spec_text());
  if (!spec) {
    progress.error(spec.error().what);
    return bad_spec;
  }
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
