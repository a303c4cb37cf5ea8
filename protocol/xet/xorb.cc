#include "protocol/xet/xorb.h"

#include <algorithm>

#include "protocol/xet/xorb_stream.h"

namespace waag::xet {
namespace {

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
static_assert(footer_bytes_max ==
              footer_fixed_bytes + footer_chunk_bytes * xorb_chunks_max + sizeof(std::uint32_t));
/// From the footer's end back to a section: what follows the section's own start.
constexpr std::size_t tail_fields_bytes = 3 * 4 + footer_tail_bytes;

Error bad(const char* what) { return fail(Errc::unprocessable, std::string("xorb: ") + what); }

std::uint32_t read_u24(ByteView bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16;
}

void put_u24(std::uint32_t value, std::span<std::byte, 3> out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

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

std::array<std::byte, chunk_header_bytes> serialize_chunk_header(const ChunkHeader& header) {
  std::array<std::byte, chunk_header_bytes> out{};
  const std::span<std::byte, chunk_header_bytes> all(out);
  put_u24(header.stored_bytes, all.subspan<1, 3>());
  out[4] = static_cast<std::byte>(header.scheme);
  put_u24(header.raw_bytes, all.subspan<5, 3>());
  return out;
}

Result<ByteView> ChunkDecoder::decode(const ChunkHeader& header, ByteView payload) {
  if (payload.size() != header.stored_bytes) return bad("payload of another length");
  if (header.scheme == Scheme::none) return payload;
  raw_.resize(header.raw_bytes);
  WAAG_CHECK(decode_into(header, payload, raw_));
  return ByteView(raw_);
}

Status ChunkDecoder::decode_into(const ChunkHeader& header, ByteView payload,
                                 std::span<std::byte> out) {
  if (payload.size() != header.stored_bytes) return bad("payload of another length");
  if (out.size() != header.raw_bytes) return fail(Errc::internal, "xorb: buffer of another length");
  if (header.scheme == Scheme::none) {
    std::ranges::copy(payload, out.begin());
    return ok();
  }
  if (header.scheme == Scheme::lz4) return lz4_.decode(payload, out);
  grouped_.resize(header.raw_bytes);
  WAAG_CHECK(lz4_.decode(payload, grouped_));
  bg4_join(grouped_, out);
  return ok();
}

ChunkHeader append_chunk(ByteView raw, Scheme scheme, Bytes& out) {
  Bytes payload;
  if (scheme == Scheme::lz4) payload = lz4_frame_encode(raw);
  if (scheme == Scheme::bg4_lz4) payload = lz4_frame_encode(bg4_split(raw));
  const bool plain = payload.empty() || payload.size() >= raw.size();
  const ByteView stored = plain ? raw : ByteView(payload);
  const ChunkHeader header{plain ? Scheme::none : scheme, static_cast<std::uint32_t>(stored.size()),
                           static_cast<std::uint32_t>(raw.size())};
  const auto front = serialize_chunk_header(header);
  out.insert(out.end(), front.begin(), front.end());
  out.insert(out.end(), stored.begin(), stored.end());
  return header;
}

Result<Xorb> read_xorb(ByteView serialized, const ChunkSink& sink) {
  XorbStream stream;
  WAAG_CHECK(stream.feed(serialized, sink));
  return stream.finish();
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

Status check_footer(const Xorb& xorb, ByteView bytes) {
  WAAG_TRY(const auto footer, parse_footer(bytes));
  if (footer != footer_of(xorb)) return bad("footer and chunks differ");
  return ok();
}

}  // namespace waag::xet
