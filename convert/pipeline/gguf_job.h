#pragma once

#include "convert/device/device_use.h"
#include "convert/io/output_folder.h"
#include "convert/job_spec.h"
#include "convert/progress.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// Converts the model to one GGUF target, in one pass over its weights: tiles of rows are read,
/// decoded and quantized side by side, and written in order. Memory does not depend on the model.
/// @param threads  at least 1
/// @param device   nullptr: the CPU alone
/// @return the names of the files made; Errc::unprocessable or Errc::invalid_argument: this source
/// cannot become that target, however often one tries; Errc::corrupt: the device is not to be
/// trusted
Result<std::vector<std::string>> convert_to_gguf(const JobSpec& spec, const TargetSpec& target,
                                                 const SourceModel& model, OutputFolder& output,
                                                 Progress& progress, unsigned threads,
                                                 DeviceUse* device = nullptr);

}  // namespace waag::convert
