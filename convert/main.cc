#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include <unistd.h>

#include "convert/converter.h"
#include "convert/sandbox.h"

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
  SandboxPaths paths{.read = {spec.source}, .write = {spec.output}};
  for (const auto& target : spec.targets)
    if (!target.importance.empty()) paths.read.push_back(target.importance);
  return paths;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) {
    const bool is_help = std::string_view(arguments[1]) == "--help";
    std::fprintf(is_help ? stdout : stderr,
                 "usage: waag-convert < job.json\n"
                 "Converts a model folder as the job spec on stdin says (docs/CONVERT.md).\n"
                 "`waag convert` runs it for a repo of the hub.\n");
    return is_help ? done : bad_spec;
  }
  Progress progress(print_line);
  const auto spec = parse_job_spec(read_spec_text());
  if (!spec) {
    progress.error(spec.error().what);
    return bad_spec;
  }
  if (const auto closed = enter_sandbox(paths_of(*spec)); !closed) {
    progress.error(closed.error().what);
    return failed;
  }
  const auto output = posix_output_folder(spec->output);
  if (const auto result = run_job(*spec, *output, progress); !result) {
    progress.error(result.error().what);
    return exit_code(result.error());
  }
  progress.done();
  return done;
}
