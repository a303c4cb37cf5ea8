#pragma once

#include <functional>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/xet/chunker.h"
#include "protocol/xet/merkle.h"

// A serialised xorb: chunks one after another, each behind a header of 8 bytes, then perhaps a
// footer.
//
//   u8 version = 0 | u24 stored length | u8 scheme | u24 raw length | payload   (little-endian)
//
// Source: XET 3; xet-core, xorb_object/xorb_chunk_format.rs and xorb_object_format.rs.

namespace waag::xet {

/// How a payload is encoded on the wire. LZ4 is the frame format, one frame a chunk.
enum class Scheme : std::uint8_t {
  none = 0,
  lz4 = 1,
  bg4_lz4 = 2,  // byte i goes to group i mod 4, groups one after another, then LZ4
};

inline constexpr std::size_t chunk_header_bytes = 8;
/// Chunks of a xorb, and the sum of their raw bytes. Source: XET 3.1.
inline constexpr std::size_t xorb_chunks_max = 8192;
inline constexpr std::size_t xorb_raw_bytes_max = 64u << 20;
/// Largest stored length that readers take. Writers store no chunk longer than raw. Source:
/// XET 3.1.
inline constexpr std::size_t chunk_stored_bytes_max = 256u << 10;
/// Longest upload: 64 MiB of chunks that do not compress, their headers and a footer. Source:
/// XET 3.1.
inline constexpr std::size_t xorb_bytes_max = 66u << 20;

struct ChunkHeader {
  Scheme scheme{Scheme::none};
  std::uint32_t stored_bytes = 0;  // 1 to chunk_stored_bytes_max
  std::uint32_t raw_bytes = 0;     // 1 to chunk_bytes_max

  bool operator==(const ChunkHeader&) const = default;
};

/// @param front chunk_header_bytes or more
/// @return Errc::unprocessable if it is no header, or a length is out of its bounds
Result<ChunkHeader> parse_chunk_header(ByteView front);
void append_chunk_header(const ChunkHeader& header, Bytes& out);

/// Decodes one payload to exactly header.raw_bytes bytes.
/// @return Errc::unprocessable if the payload is not one whole frame of that length
Result<Bytes> decode_chunk(const ChunkHeader& header, ByteView payload);

/// Appends header and payload of a chunk of 1 to chunk_bytes_max bytes; Scheme::none if `scheme`
/// saves nothing.
ChunkHeader append_chunk(ByteView raw, Scheme scheme, Bytes& out);

/// What the reference writer would try for a run of chunks that begins with this one: bg4_lz4 if
/// the four byte positions differ in their bit counts. Any answer is valid. Source: XET 3.2.
Scheme choose_scheme(ByteView raw);

/// One chunk as it stands in a xorb.
struct XorbChunk {
  ChunkHash hash;
  ChunkHeader header;
  std::uint32_t begin = 0;  // offset of its header in the serialised xorb
};

struct Xorb {
  XorbHash hash;
  std::vector<XorbChunk> chunks;
  std::uint32_t body_bytes = 0;  // without the footer
  std::uint64_t raw_bytes = 0;
};

/// Called with each chunk, in order, when it is decoded and hashed; an Error ends the walk.
using ChunkSink = std::function<Status(const XorbChunk& chunk, ByteView raw)>;

/// Decodes and hashes every chunk, up to the end or the footer. A footer of version 1 must agree
/// with the chunks; one of version 0 is left unread. The caller compares `hash` with the name that
/// it was promised.
/// @return Errc::unprocessable if anything is out of its bounds or does not decode, or there is no
/// chunk;
///         Errc::too_large above xorb_bytes_max
Result<Xorb> read_xorb(ByteView serialized, const ChunkSink& sink = {});

/// The index behind the chunks (version 1), as stored by others; never sent to a client.
struct XorbFooter {
  XorbHash hash;
  std::vector<ChunkHash> chunks;
  std::vector<std::uint32_t> stored_ends;  // of each chunk in the serialised xorb, header included
  std::vector<std::uint32_t> raw_ends;     // of each chunk in the raw bytes

  bool operator==(const XorbFooter&) const = default;
};

XorbFooter footer_of(const Xorb& xorb);
/// The footer and behind it its length as u32.
Bytes serialize_footer(const XorbFooter& footer);
/// @param bytes from the footer's ident to the end of the xorb
/// @return Errc::unprocessable if they are no footer of version 1 and its length
Result<XorbFooter> parse_footer(ByteView bytes);

}  // namespace waag::xet
