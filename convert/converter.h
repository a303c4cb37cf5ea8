#pragma once

#include "convert/io/output_folder.h"
#include "convert/job_spec.h"
#include "convert/progress.h"

namespace waag::convert {

/// Runs a whole job: opens the source, then makes each target in turn.
/// @return Errc::unprocessable, invalid_argument or not_found: the source or a target is refused;
/// Errc::no_space, unavailable: to be tried again, which goes on where this left off
Status run_job(const JobSpec& spec, OutputFolder& output, Progress& progress);

}  // namespace waag::convert
