#pragma once

#include "convert/device/device_use.h"
#include "convert/io/output_folder.h"
#include "convert/job_spec.h"
#include "convert/progress.h"

namespace waag::convert {

/// Threads that the job gets.
unsigned threads_of(const JobSpec& spec);

/// Runs a whole job: opens the source, then makes each target in turn.
/// @return Errc::unprocessable, invalid_argument or not_found: the source or a target is refused;
/// Errc::no_space, unavailable: to be tried again, which goes on where this left off;
/// Errc::corrupt: the device is not to be trusted, and a later run begins anew
/// @param device  has proved itself; nullptr: the CPU alone
Status run_job(const JobSpec& spec, OutputFolder& output, Progress& progress,
               DeviceUse* device = nullptr);

}  // namespace waag::convert
