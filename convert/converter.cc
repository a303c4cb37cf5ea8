#include "convert/converter.h"

#include <algorithm>
#include <thread>

#include "convert/io/resumable_file.h"
#include "convert/pipeline/gguf_job.h"
#include "convert/pipeline/safetensors_job.h"
#include "convert/source/source_model.h"

namespace waag::convert {
namespace {

Status refuse_what_is_no_model(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / "adapter_config.json", error) &&
      !std::filesystem::exists(folder / "config.json", error))
    return fail(Errc::unprocessable, "LoRA adapters are not converted: merge it first");
  return ok();
}

}  // namespace

Status run_job(const JobSpec& spec, OutputFolder& output, Progress& progress) {
  if (spec.device == Device::cuda)
    return fail(Errc::invalid_argument,
                "this waag-convert has no CUDA kernels: device auto or cpu uses the CPU");
  WAAG_CHECK(refuse_what_is_no_model(spec.source));
  WAAG_TRY(const auto model, SourceModel::open(spec.source));
  const unsigned threads =
      spec.threads > 0 ? spec.threads : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::string> files;
  for (const auto& target : spec.targets) {
    const auto convert =
        target.kind == TargetSpec::Kind::gguf ? convert_to_gguf : convert_to_safetensors;
    WAAG_TRY(const auto made, convert(spec, target, model, output, progress, threads));
    files.insert(files.end(), made.begin(), made.end());
  }
  // Until the last one is done, a run after a kill must see which are.
  for (const auto& file : files) WAAG_CHECK(ResumableFile::forget(output, file));
  return ok();
}

}  // namespace waag::convert
