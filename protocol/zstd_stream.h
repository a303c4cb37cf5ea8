#pragma once

#include <memory>
#include <string>

#include "protocol/bytes.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace waag {

/// Encodes one zstd frame as it comes, with a checksum. Holds some 4 MiB. Source: RFC 8878.
class ZstdEncoder {
 public:
  ZstdEncoder();
  ~ZstdEncoder();
  ZstdEncoder(const ZstdEncoder&) = delete;
  ZstdEncoder& operator=(const ZstdEncoder&) = delete;

  /// Appends to `out` what is decided of the frame after this input.
  void add(ByteView input, std::string& out);
  /// Appends the frame's end; the next add() begins another one.
  void finish(std::string& out);

 private:
  void run(ByteView input, bool end, std::string& out);

  std::unique_ptr<ZSTD_CCtx_s, void (*)(ZSTD_CCtx_s*)> context_;
};

/// Decodes one zstd frame as it comes, and says exactly where it ended. Holds what the frame's
/// window takes, at most 8 MiB: a frame that wants more is refused.
class ZstdDecoder {
 public:
  ZstdDecoder();
  ~ZstdDecoder();
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  struct Step {
    std::size_t consumed_bytes = 0;
    std::size_t produced_bytes = 0;
    bool done = false;  // the frame's checksum was read and is right
  };
  /// Consumes all of `input`, or fills `output`, or ends. Errc::unprocessable if it is damaged.
  Result<Step> next(ByteView input, std::span<std::byte> output);

 private:
  std::unique_ptr<ZSTD_DCtx_s, void (*)(ZSTD_DCtx_s*)> context_;
};

}  // namespace waag
