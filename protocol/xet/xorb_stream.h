#pragma once

#include <optional>

#include "protocol/xet/xorb.h"

namespace waag::xet {

/// Decodes and hashes the chunks of a serialised xorb that arrives in pieces of any size, up to its
/// end or footer. A chunk whose payload lies whole in a piece is not copied; of others one at a
/// time is held, at most chunk_stored_bytes_max. A footer of version 1 must agree with the chunks;
/// one of version 0 is left unread. The caller compares `hash` with the name that it was promised.
class XorbStream {
 public:
  /// @param sink  may be empty; the raw bytes are valid during its call only
  /// @return Errc::unprocessable if anything is out of its bounds or does not decode;
  ///         Errc::too_large above xorb_bytes_max; what the sink returned. After an error the
  ///         stream may only be destroyed or assigned to.
  Status feed(ByteView piece, const ChunkSink& sink);
  /// The end of the stream. The object may then only be destroyed or assigned to.
  /// @return Errc::unprocessable if it ends within a chunk, has none, or its footer differs
  Result<Xorb> finish();

 private:
  /// Takes bytes of a header from the front of `piece`; the last one opens a chunk or the footer.
  Status take_header(ByteView& piece);
  Status take_payload(ByteView& piece, const ChunkSink& sink);
  Status take_footer(ByteView piece);
  Status open_chunk();
  Status end_chunk(ByteView payload, const ChunkSink& sink);

  Xorb xorb_;
  MerkleBuilder tree_;
  ChunkDecoder decoder_;
  std::size_t fed_bytes_ = 0;
  std::array<std::byte, chunk_header_bytes> header_{};
  std::size_t header_bytes_ = 0;
  std::optional<ChunkHeader> open_;  // of the chunk whose payload is awaited
  Bytes payload_;                    // what came of it
  bool in_footer_ = false;
  std::size_t footer_bytes_ = 0;
  Bytes footer_;  // empty if it is of version 0
};

}  // namespace waag::xet
