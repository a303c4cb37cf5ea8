#pragma once

#include "daemon/config.h"
#include "daemon/convert/child/child_process.h"

namespace waag::daemon {

/// What a run of waag-convert has said of its end.
struct ConverterSaid {
  std::string refusal;  // of `error`: why not
  bool done = false;    // that it is done
};

/// Runs waag-convert (convert.program) as `options` say, with the time that it may have.
/// @param options  `program` and `time_max` are set here
/// @param take     takes its lines, and puts into `said` what they say of the end
/// @return Errc::unprocessable if it refused, said what it must not, took too long or ended early;
///         unavailable if it could not read or write, or was told to stop; internal if there is no
///         such program, it crashed or did not take its input. Blocks
Status run_converter_program(const Config::Convert& config, ChildOptions options,
                             const std::stop_token& stop, const TakeLine& take,
                             const ConverterSaid& said);

/// Threads of one run.
unsigned converter_threads(const Config::Convert& config);

}  // namespace waag::daemon
