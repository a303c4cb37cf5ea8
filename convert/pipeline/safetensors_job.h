#pragma once

#include "convert/device/device_use.h"
#include "convert/io/output_folder.h"
#include "convert/job_spec.h"
#include "convert/progress.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// Converts the model to one safetensors target, a folder as transformers and inference engines
/// load it: weight files, index, config.json, and the source's tokenizer and other small files.
/// @param threads  at least 1
/// @param device   nullptr: the CPU alone
/// @return the names of the files made; errors as convert_to_gguf
Result<std::vector<std::string>> convert_to_safetensors(
    const JobSpec& spec, const TargetSpec& target, const SourceModel& model, OutputFolder& output,
    Progress& progress, unsigned threads, DeviceUse* device = nullptr);

}  // namespace waag::convert
