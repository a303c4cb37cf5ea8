#include "protocol/xet/xorb.h"

#include <algorithm>

#include "protocol/xet/xorb_codec.h"

namespace waag::xet {
namespace {

constexpr std::string_view footer_ident = "XETBLOB";
constexpr std::string_view hashes_ident = "XBLBHSH";
constexpr std::string_view bounds_ident = "XBLBBND";
constexpr std::uint8_t footer_version = 1;
constexpr std::uint8_t hashes_version = 0;
constexpr std::uint8_t bounds_version = 1;
/// Behind the last field: a nonce of 4 bytes and 12 zeros. Source: XET 3.3.
constexpr std::size_t footer_tail_bytes = 16;
/// Without its 40 bytes a chunk, and without the length behind it.
constexpr std::size_t footer_fixed_bytes = 92;
constexpr std::size_t footer_chunk_bytes = 40;
/// From the footer's end back to a section: what follows the section's own start.
constexpr std::size_t tail_fields_bytes = 3 * 4 + footer_tail_bytes;

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("xorb: ") + what); }

std::uint32_t read_u24(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16;
}

void append_u24(std::uint32_t value, Bytes& out) {
  for (int shift = 0; shift < 24; shift += 8)
    out.push_back(static_cast<std::byte>(value >> shift & 0xff));
}

bool is_footer(ByteView rest) { return as_text(rest).starts_with(footer_ident); }

std::uint32_t section_distance(std::size_t chunks, bool hashes) {
  const std::size_t bounds = 8 + 4 + 8 * chunks;
  return static_cast<std::uint32_t>(tail_fields_bytes + bounds +
                                    (hashes ? 8 + 4 + 32 * chunks : 0));
}

/// A section's ident, version and number of chunks, all as expected.
bool take_section(ByteReader& reader, std::string_view ident, std::uint8_t version,
                  std::uint64_t chunks) {
  const bool named = as_text(reader.raw(ident.size())) == ident;
  const bool versioned = reader.fixed<std::uint8_t>() == version;
  return named && versioned && reader.fixed<std::uint32_t>() == chunks;
}

Status check_footer(const Xorb& xorb, ByteView rest) {
  if (rest.size() > footer_ident.size() && rest[footer_ident.size()] == std::byte{0}) return ok();
  WAAG_TRY(const auto footer, parse_footer(rest));
  if (footer != footer_of(xorb)) return bad("footer and chunks differ");
  return ok();
}

}  // namespace

Result<ChunkHeader> parse_chunk_header(ByteView front) {
  if (front.size() < chunk_header_bytes) return bad("chunk header cut short");
  if (front[0] != std::byte{0}) return bad("unknown version of a chunk header");
  if (front[4] > static_cast<std::byte>(Scheme::bg4_lz4)) return bad("unknown scheme");
  ChunkHeader header;
  header.scheme = static_cast<Scheme>(front[4]);
  header.stored_bytes = read_u24(front.subspan(1, 3));
  header.raw_bytes = read_u24(front.subspan(5, 3));
  if (header.raw_bytes == 0 || header.raw_bytes > chunk_bytes_max)
    return bad("raw length out of bounds");
  if (header.stored_bytes == 0 || header.stored_bytes > chunk_stored_bytes_max)
    return bad("stored length out of bounds");
  if (header.scheme == Scheme::none && header.stored_bytes != header.raw_bytes)
    return bad("two lengths of a plain chunk");
  return header;
}

void append_chunk_header(const ChunkHeader& header, Bytes& out) {
  out.push_back(std::byte{0});
  append_u24(header.stored_bytes, out);
  out.push_back(static_cast<std::byte>(header.scheme));
  append_u24(header.raw_bytes, out);
}

Result<Bytes> decode_chunk(const ChunkHeader& header, ByteView payload) {
  if (payload.size() != header.stored_bytes) return bad("payload of another length");
  if (header.scheme == Scheme::none) return Bytes(payload.begin(), payload.end());
  Bytes decoded(header.raw_bytes);
  WAAG_CHECK(lz4_frame_decode(payload, decoded));
  return header.scheme == Scheme::bg4_lz4 ? bg4_join(decoded) : std::move(decoded);
}

ChunkHeader append_chunk(ByteView raw, Scheme scheme, Bytes& out) {
  Bytes payload;
  if (scheme == Scheme::lz4) payload = lz4_frame_encode(raw);
  if (scheme == Scheme::bg4_lz4) payload = lz4_frame_encode(bg4_split(raw));
  const bool plain = payload.empty() || payload.size() >= raw.size();
  const ByteView stored = plain ? raw : ByteView(payload);
  const ChunkHeader header{plain ? Scheme::none : scheme, static_cast<std::uint32_t>(stored.size()),
                           static_cast<std::uint32_t>(raw.size())};
  append_chunk_header(header, out);
  out.insert(out.end(), stored.begin(), stored.end());
  return header;
}

Result<Xorb> read_xorb(ByteView serialized, const ChunkSink& sink) {
  if (serialized.size() > xorb_bytes_max) return fail(Errc::too_large, "xorb: too long");
  Xorb xorb;
  std::vector<HashedLength> leaves;
  ByteView rest = serialized;
  while (!rest.empty() && !is_footer(rest)) {
    if (xorb.chunks.size() == xorb_chunks_max) return bad("too many chunks");
    XorbChunk chunk;
    chunk.begin = static_cast<std::uint32_t>(serialized.size() - rest.size());
    WAAG_TRY(chunk.header, parse_chunk_header(rest));
    rest = rest.subspan(chunk_header_bytes);
    if (rest.size() < chunk.header.stored_bytes) return bad("payload cut short");
    xorb.raw_bytes += chunk.header.raw_bytes;
    if (xorb.raw_bytes > xorb_raw_bytes_max) return bad("too many raw bytes");
    WAAG_TRY(const auto raw, decode_chunk(chunk.header, rest.first(chunk.header.stored_bytes)));
    rest = rest.subspan(chunk.header.stored_bytes);
    chunk.hash = chunk_hash(raw);
    leaves.push_back({chunk.hash, raw.size()});
    xorb.chunks.push_back(chunk);
    if (sink) WAAG_CHECK(sink(chunk, raw));
  }
  if (xorb.chunks.empty()) return bad("no chunk");
  xorb.body_bytes = static_cast<std::uint32_t>(serialized.size() - rest.size());
  xorb.hash = xorb_hash(leaves);
  if (!rest.empty()) WAAG_CHECK(check_footer(xorb, rest));
  return xorb;
}

XorbFooter footer_of(const Xorb& xorb) {
  XorbFooter footer;
  footer.hash = xorb.hash;
  std::uint32_t raw_end = 0;
  for (const auto& chunk : xorb.chunks) {
    raw_end += chunk.header.raw_bytes;
    footer.chunks.push_back(chunk.hash);
    footer.stored_ends.push_back(chunk.begin + static_cast<std::uint32_t>(chunk_header_bytes) +
                                 chunk.header.stored_bytes);
    footer.raw_ends.push_back(raw_end);
  }
  return footer;
}

Bytes serialize_footer(const XorbFooter& footer) {
  const std::size_t chunks = footer.chunks.size();
  const auto count = static_cast<std::uint32_t>(chunks);
  ByteWriter out;
  out.raw(as_bytes(footer_ident));
  out.fixed(footer_version);
  out.raw(footer.hash.view());
  out.raw(as_bytes(hashes_ident));
  out.fixed(hashes_version);
  out.fixed(count);
  for (const auto& hash : footer.chunks) out.raw(hash.view());
  out.raw(as_bytes(bounds_ident));
  out.fixed(bounds_version);
  out.fixed(count);
  for (const auto end : footer.stored_ends) out.fixed(end);
  for (const auto end : footer.raw_ends) out.fixed(end);
  out.fixed(count);
  out.fixed(section_distance(chunks, /*hashes=*/true));
  out.fixed(section_distance(chunks, /*hashes=*/false));
  out.raw(Bytes(footer_tail_bytes));
  out.fixed(static_cast<std::uint32_t>(out.bytes().size()));
  return out.take();
}

Result<XorbFooter> parse_footer(ByteView bytes) {
  if (bytes.size() < footer_fixed_bytes + 4) return bad("footer cut short");
  const std::size_t size = bytes.size() - 4;
  const std::size_t chunks = (size - footer_fixed_bytes) / footer_chunk_bytes;
  if (chunks > xorb_chunks_max) return bad("too many chunks");
  if (size != footer_fixed_bytes + chunks * footer_chunk_bytes)
    return bad("footer of an odd length");
  ByteReader reader(bytes);
  if (as_text(reader.raw(footer_ident.size())) != footer_ident) return bad("no footer");
  if (reader.fixed<std::uint8_t>() != footer_version) return bad("unknown version of a footer");
  XorbFooter footer;
  WAAG_TRY(footer.hash, XorbHash::from(reader.raw(XorbHash::size_bytes)));
  if (!take_section(reader, hashes_ident, hashes_version, chunks)) return bad("section of hashes");
  for (std::size_t i = 0; i < chunks; ++i) {
    WAAG_TRY(const auto hash, ChunkHash::from(reader.raw(ChunkHash::size_bytes)));
    footer.chunks.push_back(hash);
  }
  if (!take_section(reader, bounds_ident, bounds_version, chunks)) return bad("section of bounds");
  for (auto* ends : {&footer.stored_ends, &footer.raw_ends}) {
    for (std::size_t i = 0; i < chunks; ++i) ends->push_back(reader.fixed<std::uint32_t>());
    if (std::ranges::adjacent_find(*ends, std::ranges::greater_equal()) != ends->end())
      return bad("ends do not rise");
  }
  if (reader.fixed<std::uint32_t>() != chunks) return bad("number of chunks");
  if (reader.fixed<std::uint32_t>() != section_distance(chunks, true) ||
      reader.fixed<std::uint32_t>() != section_distance(chunks, false))
    return bad("distance of a section");
  reader.raw(footer_tail_bytes);
  if (reader.fixed<std::uint32_t>() != size || !reader.ok()) return bad("length of the footer");
  return footer;
}

}  // namespace waag::xet
