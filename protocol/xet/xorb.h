#pragma once

#include <array>
#include <functional>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/xet/chunker.h"
#include "protocol/xet/merkle.h"
#include "protocol/xet/xorb_codec.h"

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
std::array<std::byte, chunk_header_bytes> serialize_chunk_header(const ChunkHeader& header);

/// Bytes of a chunk as we hand it out: always Scheme::none, so its raw bytes behind a header.
constexpr std::uint64_t wire_chunk_bytes(std::uint32_t raw_bytes) {
  return chunk_header_bytes + raw_bytes;
}
/// The header of such a chunk.
inline std::array<std::byte, chunk_header_bytes> wire_chunk_header(std::uint32_t raw_bytes) {
  return serialize_chunk_header({Scheme::none, raw_bytes, raw_bytes});
}

/// Decodes payloads one after another, with no allocation for each.
class ChunkDecoder {
 public:
  /// Decodes one payload to exactly header.raw_bytes bytes.
  /// @return them, valid until the next call: `payload` itself if it is plain, else in a buffer of
  ///         this object; Errc::unprocessable if it is not one whole frame of that length
  Result<ByteView> decode(const ChunkHeader& header, ByteView payload);
  /// The same into the caller's buffer. @param out  header.raw_bytes bytes
  Status decode_into(const ChunkHeader& header, ByteView payload, std::span<std::byte> out);

 private:
  Lz4FrameDecoder lz4_;
  Bytes raw_;
  Bytes grouped_;
};

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

/// A whole xorb at once; what XorbStream says of pieces holds for it.
Result<Xorb> read_xorb(ByteView serialized, const ChunkSink& sink = {});

/// What the footer begins with: no chunk header does.
inline constexpr std::string_view footer_ident = "XETBLOB";
/// Longest footer, with its length behind it. Source: XET 3.3.
inline constexpr std::size_t footer_bytes_max = 92 + 40 * xorb_chunks_max + 4;

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
/// Whether a footer tells of a xorb just what its chunks do.
/// @return Errc::unprocessable otherwise
Status check_footer(const Xorb& xorb, ByteView bytes);

}  // namespace waag::xet
