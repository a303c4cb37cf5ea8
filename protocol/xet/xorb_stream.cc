#include "protocol/xet/xorb_stream.h"

#include <algorithm>

namespace waag::xet {
namespace {

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("xorb: ") + what); }

void append(ByteView bytes, Bytes& out) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

Status XorbStream::feed(ByteView piece, const ChunkSink& sink) {
  if (piece.size() > xorb_bytes_max - fed_bytes_) return fail(Errc::too_large, "xorb: too long");
  fed_bytes_ += piece.size();
  while (!piece.empty()) {
    if (in_footer_) return take_footer(piece);
    if (open_) {
      WAAG_CHECK(take_payload(piece, sink));
    } else {
      WAAG_CHECK(take_header(piece));
    }
  }
  return ok();
}

Result<Xorb> XorbStream::finish() {
  if (header_bytes_ > 0) return bad("chunk header cut short");
  if (open_) return bad("payload cut short");
  if (xorb_.chunks.empty()) return bad("no chunk");
  xorb_.hash.bytes = tree_.finish().hash.bytes;
  if (!footer_.empty()) WAAG_CHECK(check_footer(xorb_, footer_));
  return std::move(xorb_);
}

Status XorbStream::take_header(ByteView& piece) {
  const auto part = piece.first(std::min(piece.size(), header_.size() - header_bytes_));
  std::ranges::copy(part, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
  header_bytes_ += part.size();
  piece = piece.subspan(part.size());
  if (header_bytes_ < header_.size()) return ok();
  header_bytes_ = 0;
  if (!as_text(header_).starts_with(footer_ident)) return open_chunk();
  in_footer_ = true;
  footer_bytes_ = header_.size();
  // Version 0 is left unread: it lacks the raw lengths and no client of today writes it.
  if (header_[footer_ident.size()] != std::byte{0}) append(header_, footer_);
  return ok();
}

Status XorbStream::open_chunk() {
  if (xorb_.chunks.size() == xorb_chunks_max) return bad("too many chunks");
  WAAG_TRY(const auto header, parse_chunk_header(header_));
  xorb_.raw_bytes += header.raw_bytes;
  if (xorb_.raw_bytes > xorb_raw_bytes_max) return bad("too many raw bytes");
  open_ = header;
  return ok();
}

Status XorbStream::take_payload(ByteView& piece, const ChunkSink& sink) {
  const auto part = piece.first(std::min(piece.size(), open_->stored_bytes - payload_.size()));
  piece = piece.subspan(part.size());
  if (part.size() == open_->stored_bytes) return end_chunk(part, sink);
  payload_.reserve(open_->stored_bytes);
  append(part, payload_);
  if (payload_.size() < open_->stored_bytes) return ok();
  WAAG_CHECK(end_chunk(payload_, sink));
  payload_.clear();
  return ok();
}

Status XorbStream::end_chunk(ByteView payload, const ChunkSink& sink) {
  XorbChunk chunk;
  chunk.header = *open_;
  chunk.begin = xorb_.body_bytes;
  WAAG_TRY(const auto raw, decoder_.decode(chunk.header, payload));
  chunk.hash = chunk_hash(raw);
  tree_.add({chunk.hash, raw.size()});
  xorb_.chunks.push_back(chunk);
  xorb_.body_bytes +=
      static_cast<std::uint32_t>(chunk_header_bytes) + chunk.header.stored_bytes;  // <= 66 MiB
  open_.reset();
  return sink ? sink(chunk, raw) : ok();
}

Status XorbStream::take_footer(ByteView piece) {
  footer_bytes_ += piece.size();
  if (footer_bytes_ > footer_bytes_max) return bad("footer of too many bytes");
  if (!footer_.empty()) append(piece, footer_);
  return ok();
}

}  // namespace waag::xet
