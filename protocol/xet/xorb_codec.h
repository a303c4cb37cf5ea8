#pragma once

#include <memory>

#include "protocol/bytes.h"

// The two transforms of chunk payloads: see xorb.h for when each is used.

namespace waag::xet {

/// Decodes LZ4 frames one after another with one context, for a new one costs an allocation each.
class Lz4FrameDecoder {
 public:
  Lz4FrameDecoder();
  ~Lz4FrameDecoder();
  Lz4FrameDecoder(Lz4FrameDecoder&&) noexcept;
  Lz4FrameDecoder& operator=(Lz4FrameDecoder&&) noexcept;

  /// Decodes one whole frame that yields exactly out.size() bytes. Any valid frame is accepted:
  /// block size, linked blocks, checksums are the writer's choice.
  /// @return Errc::unprocessable otherwise; `out` is then undefined
  Status decode(ByteView frame, std::span<std::byte> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Bytes lz4_frame_encode(ByteView raw);

/// Byte i goes to group i mod 4; the groups stand one after another. Source: XET 3.2.
Bytes bg4_split(ByteView raw);
/// The inverse, into `raw` of the same size.
void bg4_join(ByteView grouped, std::span<std::byte> raw);

}  // namespace waag::xet
