#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/ids.h"

// What waag-convert says on its stdout, a JSON object a line. It reads what strangers made, so
// nothing of it is believed: bounds here, paths and hashes in output_files.h.

namespace waag::daemon {

/// {"event":"plan","target":"gguf:Q4_K_M","tensors":N,"bytes":B}
struct ConverterPlan {
  std::string target;
  std::uint64_t tensors = 0, bytes = 0;
};
/// {"event":"tensor","target":…,"name":…,"type":"Q4_K","bytes":b,"done_bytes":d,"total_bytes":t,
///  "bytes_per_s":r,"eta_s":e}
struct ConverterTensor {
  std::string target, name, type;
  std::uint64_t done_bytes = 0, total_bytes = 0, bytes_per_s = 0, eta_s = 0;
};
/// {"event":"file","target":…,"path":"relative to the output","size":n,"sha256":"hex"}
struct ConverterFile {
  std::string target, path;
  std::uint64_t size_bytes = 0;
  BlobId sha256;
};
/// {"event":"warning","target":…,"message":"…"}: what is made is not all that one may expect.
struct ConverterWarning {
  std::string target, message;
};
/// {"event":"device","device":"cuda" or "cpu","name":"of the device, if there is
/// one","message":"why"}
struct ConverterDevice {
  std::string device, name, message;
};
struct ConverterDone {};
/// {"event":"error","message":"…"}
struct ConverterError {
  std::string message;
};

using ConverterEvent = std::variant<ConverterPlan, ConverterTensor, ConverterFile, ConverterWarning,
                                    ConverterDevice, ConverterDone, ConverterError>;

/// For people: cut, on one line, without control characters. @param text  UTF-8
std::string readable(std::string text, std::size_t bytes_max = 2048);

/// Errc::unprocessable unless `line` is one of these.
Result<ConverterEvent> parse_converter_event(std::string_view line);

}  // namespace waag::daemon
