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

unsigned threads_of(const JobSpec& spec) {
  return spec.threads > 0 ? spec.threads : std::max(1u, std::thread::hardware_concurrency());
}

Status run_job(const JobSpec& spec, OutputFolder& output, Progress& progress, DeviceUse* device) {
  WAAG_CHECK(refuse_what_is_no_model(spec.source));
  WAAG_TRY(const auto model, SourceModel::open(spec.source));
  const unsigned threads = threads_of(spec);
  std::vector<std::string> files;
  for (const auto& target : spec.targets) {
    const auto convert =
        target.kind == TargetSpec::Kind::gguf ? convert_to_gguf : convert_to_safetensors;
    auto made = convert(spec, target, model, output, progress, threads, device);
    if (!made) {
      // A device that gave other bits once may have done so before.
      if (made.error().code == Errc::corrupt) WAAG_CHECK(ResumableFile::forget(output, files));
      return std::move(made).error();
    }
    files.insert(files.end(), made->begin(), made->end());
  }
  // Until the last one is done, a run after a kill must see which are.
  return ResumableFile::forget(output, files);
}

}  // namespace waag::convert
