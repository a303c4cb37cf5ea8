#pragma once

#include "protocol/bytes.h"

// The two transforms of chunk payloads: see xorb.h for when each is used.

namespace waag::xet {

/// Decodes one whole LZ4 frame that yields exactly out.size() bytes. Any valid frame is accepted:
/// block size, linked blocks, checksums are the writer's choice.
/// @return Errc::unprocessable otherwise; `out` is then undefined
Status lz4_frame_decode(ByteView frame, std::span<std::byte> out);
Bytes lz4_frame_encode(ByteView raw);

/// Byte i goes to group i mod 4; the groups stand one after another. Source: XET 3.2.
Bytes bg4_split(ByteView raw);
/// The inverse.
Bytes bg4_join(ByteView grouped);

}  // namespace waag::xet
