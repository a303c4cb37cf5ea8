#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "convert/arch/gguf_keys.h"

namespace waag::convert {

/// One product of a job.
struct TargetSpec {
  enum class Kind : std::uint8_t { gguf, safetensors };
  Kind kind{Kind::gguf};
  std::string type;                  // a recipe's name, or a safetensors format's
  std::string path;                  // gguf: the file; safetensors: the folder; below the output
  std::filesystem::path importance;  // gguf: an imatrix file, or empty
  std::uint64_t split_bytes = 0;     // 0: the default

  /// "gguf:Q4_K_M".
  [[nodiscard]] std::string name() const;
};

enum class Device : std::uint8_t { automatic, cpu, cuda };

/// What the process is asked to do: one JSON object on stdin (docs/CONVERT.md).
struct JobSpec {
  std::filesystem::path source;
  std::filesystem::path output;
  unsigned threads = 0;  // 0: as many as there are cores
  Device device{Device::automatic};
  bool allow_requantize = false;  // of weights that are already lossy
  /// Weights stored in FP8 pass through BF16, as they do on the way of llama.cpp's two tools. Off:
  /// directly, which loses less and gives other bits (FORMATS 0.5).
  bool is_via_bf16 = true;
  ModelIdentity model;
  std::vector<TargetSpec> targets;
};

/// The largest job spec that is read.
inline constexpr std::size_t job_spec_bytes_max = 1 << 20;

/// @return Errc::invalid_argument, naming the member, if anything is missing, unknown or of a wrong
/// type: an option that is not understood is not left out silently
Result<JobSpec> parse_job_spec(std::string_view text);

}  // namespace waag::convert
