#include "storage/pack/format.h"

#include <cassert>

#include "protocol/hash.h"

namespace waag::storage::pack {

namespace {

constexpr std::string_view head_magic = "WAAGPACK";
constexpr std::string_view trailer_magic = "WAAGTAIL";
constexpr std::uint32_t group_magic = 0x50524757;  // "WGRP"
constexpr std::size_t group_crc_from = 8;          // what the group's CRC covers starts here
constexpr std::size_t trailer_crc_at = 60;
constexpr std::size_t head_crc_at = head_bytes - 4;

Error bad(const char* what) { return fail(Errc::corrupt, std::string("pack: ") + what); }

void zero_fill(ByteWriter& out, std::size_t until) {
  static constexpr std::array<std::byte, 64> zeros{};
  while (out.bytes().size() < until)
    out.raw(ByteView(zeros).first(std::min(zeros.size(), until - out.bytes().size())));
}

template <class T>
void store(std::byte* out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

void encode_entry(const DirectoryEntry& entry, std::byte* out) {
  std::memcpy(out, entry.hash.data(), entry.hash.size());
  out[32] = static_cast<std::byte>(entry.at.kind);
  out[33] = static_cast<std::byte>(entry.at.codec);
  out[34] = static_cast<std::byte>(entry.at.dtype);
  out[35] = static_cast<std::byte>(entry.at.phase);
  store(out + 36, entry.at.raw_bytes);
  store(out + 40, entry.at.stored_bytes);
  store(out + 44, entry.at.crc);
}

DirectoryEntry parse_entry(ByteView bytes) {
  ByteReader in(bytes);
  DirectoryEntry entry;
  std::memcpy(entry.hash.data(), in.raw(entry.hash.size()).data(), entry.hash.size());
  entry.at.kind = RecordKind{in.fixed<std::uint8_t>()};
  entry.at.codec = Codec{in.fixed<std::uint8_t>()};
  entry.at.dtype = Dtype{in.fixed<std::uint8_t>()};
  entry.at.phase = in.fixed<std::uint8_t>();
  entry.at.raw_bytes = in.fixed<std::uint32_t>();
  entry.at.stored_bytes = in.fixed<std::uint32_t>();
  entry.at.crc = in.fixed<std::uint32_t>();
  return entry;
}

/// Reads `place.records` entries and gives them their locations; false if they do not fill the
/// payload.
bool parse_entries(ByteView bytes, PackId pack, const GroupPlace& place,
                   std::vector<DirectoryEntry>& out) {
  std::uint64_t offset = place.payload_begin;
  for (std::uint32_t i = 0; i < place.records; ++i) {
    auto entry = parse_entry(bytes.subspan(std::size_t{i} * entry_bytes, entry_bytes));
    if (entry.at.raw_bytes > record_bytes_max || offset + entry.at.stored_bytes > file_bytes_max)
      return false;
    entry.at.pack = pack;
    entry.at.record = place.first_record + i;
    entry.at.offset = static_cast<std::uint32_t>(offset);
    offset += entry.at.stored_bytes;
    out.push_back(entry);
  }
  return offset == std::uint64_t{place.payload_begin} + place.payload_bytes;
}

}  // namespace

Bytes encode_head(const PackHead& head) {
  ByteWriter out;
  out.raw(as_bytes(head_magic));
  out.fixed(format_version);
  out.fixed(static_cast<std::uint8_t>(head.kind));
  zero_fill(out, 16);
  out.fixed(static_cast<std::uint64_t>(head.pack));
  zero_fill(out, head_crc_at);
  out.fixed(crc32c(out.bytes()));
  return out.take();
}

Result<PackHead> parse_head(ByteView bytes) {
  if (bytes.size() != head_bytes) return bad("head is cut short");
  ByteReader in(bytes);
  if (as_text(in.raw(head_magic.size())) != head_magic) return bad("not a pack");
  if (in.fixed<std::uint32_t>() != format_version) return bad("unknown version");
  PackHead head;
  const auto kind = in.fixed<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(PackClass::small_objects)) return bad("unknown class");
  head.kind = PackClass{kind};
  in.raw(3);
  head.pack = PackId{in.fixed<std::uint64_t>()};
  ByteReader tail(bytes.subspan(head_crc_at));
  if (tail.fixed<std::uint32_t>() != crc32c(bytes.first(head_crc_at))) return bad("head checksum");
  return head;
}

void encode_group(PackId pack, const GroupPlace& place, std::span<const DirectoryEntry> entries,
                  std::span<std::byte> out) {
  assert(entries.size() == place.records && out.size() == place.directory_end() - place.begin);
  auto* at = out.data();
  std::memset(at, 0, group_header_bytes);
  store(at, group_magic);
  store(at + 8, static_cast<std::uint64_t>(pack));
  store(at + 16, place.begin);
  store(at + 20, place.first_record);
  store(at + 24, place.records);
  store(at + 28, place.payload_begin - place.begin);
  store(at + 32, place.payload_bytes);
  for (std::size_t i = 0; i < entries.size(); ++i)
    encode_entry(entries[i], at + group_header_bytes + i * entry_bytes);
  store(at + 4, crc32c(ByteView(out).subspan(group_crc_from)));
}

Result<GroupPlace> parse_group_header(ByteView header, PackId pack, std::uint32_t begin,
                                      std::uint64_t file_end) {
  if (header.size() != group_header_bytes) return bad("group header is cut short");
  ByteReader in(header);
  if (in.fixed<std::uint32_t>() != group_magic) return bad("no group here");
  in.raw(4);
  if (PackId{in.fixed<std::uint64_t>()} != pack) return bad("group of another pack");
  GroupPlace place;
  place.begin = in.fixed<std::uint32_t>();
  place.first_record = in.fixed<std::uint32_t>();
  place.records = in.fixed<std::uint32_t>();
  const auto offset = in.fixed<std::uint32_t>();
  place.payload_bytes = in.fixed<std::uint32_t>();
  if (place.begin != begin) return bad("group of another place");
  if (place.records == 0 || place.records > group_records_max) return bad("group's record count");
  const auto payload_begin = std::uint64_t{begin} + offset;
  const auto end = align_up(payload_begin + place.payload_bytes);
  const auto directory_end =
      begin + group_header_bytes + std::uint64_t{place.records} * entry_bytes;
  if (directory_end > payload_begin || end > file_end || end > file_bytes_max)
    return bad("group reaches past the end");
  place.payload_begin = static_cast<std::uint32_t>(payload_begin);
  return place;
}

Result<std::vector<DirectoryEntry>> parse_directory(ByteView bytes, PackId pack,
                                                    const GroupPlace& place) {
  const auto want = group_header_bytes + std::size_t{place.records} * entry_bytes;
  if (bytes.size() != want) return bad("directory is cut short");
  ByteReader in(bytes.subspan(4));
  if (in.fixed<std::uint32_t>() != crc32c(bytes.subspan(group_crc_from)))
    return bad("group checksum");
  std::vector<DirectoryEntry> entries;
  entries.reserve(place.records);
  if (!parse_entries(bytes.subspan(group_header_bytes), pack, place, entries))
    return bad("directory does not fill its group");
  return entries;
}

Bytes encode_footer(PackId pack, std::uint32_t footer_begin, std::span<const GroupPlace> groups,
                    std::span<const DirectoryEntry> entries) {
  ByteWriter out;
  for (const auto& group : groups) {
    out.fixed(group.begin);
    out.fixed(group.payload_begin - group.begin);
    out.fixed(group.records);
  }
  std::array<std::byte, entry_bytes> encoded;
  for (const auto& entry : entries) {
    encode_entry(entry, encoded.data());
    out.raw(encoded);
  }
  const auto crc = crc32c(out.bytes());
  zero_fill(out, align_up(out.bytes().size() + trailer_bytes) - trailer_bytes);

  ByteWriter tail;
  tail.raw(as_bytes(trailer_magic));
  tail.fixed(static_cast<std::uint64_t>(pack));
  tail.fixed(format_version);
  tail.fixed(footer_begin);
  tail.fixed(static_cast<std::uint32_t>(groups.size()));
  tail.fixed(static_cast<std::uint32_t>(entries.size()));
  tail.fixed(crc);
  zero_fill(tail, trailer_crc_at);
  tail.fixed(crc32c(tail.bytes()));
  out.raw(tail.bytes());
  return out.take();
}

Result<Trailer> parse_trailer(ByteView bytes, PackId pack, std::uint64_t file_bytes) {
  if (bytes.size() != trailer_bytes) return bad("trailer is cut short");
  ByteReader in(bytes);
  if (as_text(in.raw(trailer_magic.size())) != trailer_magic) return bad("no trailer");
  Trailer trailer;
  trailer.pack = PackId{in.fixed<std::uint64_t>()};
  const auto version = in.fixed<std::uint32_t>();
  trailer.footer_begin = in.fixed<std::uint32_t>();
  trailer.groups = in.fixed<std::uint32_t>();
  trailer.records = in.fixed<std::uint32_t>();
  trailer.footer_crc = in.fixed<std::uint32_t>();
  ByteReader tail(bytes.subspan(trailer_crc_at));
  if (tail.fixed<std::uint32_t>() != crc32c(bytes.first(trailer_crc_at)))
    return bad("trailer checksum");
  if (version != format_version) return bad("unknown version");
  if (trailer.pack != pack) return bad("trailer of another pack");
  const auto end = align_up(trailer.footer_begin + trailer.footer_bytes() + trailer_bytes);
  if (trailer.footer_begin < head_bytes || trailer.footer_begin % block_bytes != 0 ||
      end != file_bytes)
    return bad("footer is not where the trailer says");
  return trailer;
}

Result<std::vector<DirectoryEntry>> parse_footer(ByteView bytes, const Trailer& trailer) {
  if (bytes.size() != trailer.footer_bytes()) return bad("footer is cut short");
  if (crc32c(bytes) != trailer.footer_crc) return bad("footer checksum");
  ByteReader groups(bytes.first(std::size_t{trailer.groups} * footer_group_bytes));
  auto rest = bytes.subspan(groups.left());
  std::vector<DirectoryEntry> entries;
  entries.reserve(trailer.records);
  std::uint64_t expected_begin = head_bytes;
  for (std::uint32_t g = 0; g < trailer.groups; ++g) {
    GroupPlace place;
    place.begin = groups.fixed<std::uint32_t>();
    const auto payload_begin = std::uint64_t{place.begin} + groups.fixed<std::uint32_t>();
    place.records = groups.fixed<std::uint32_t>();
    place.first_record = static_cast<std::uint32_t>(entries.size());
    if (place.begin < expected_begin || payload_begin > trailer.footer_begin ||
        place.records > rest.size() / entry_bytes)
      return bad("footer's groups");
    place.payload_begin = static_cast<std::uint32_t>(payload_begin);
    const auto directory = rest.first(std::size_t{place.records} * entry_bytes);
    rest = rest.subspan(directory.size());
    std::uint64_t payload = 0;  // a footer does not repeat the sum: it is what the entries say
    for (std::uint32_t i = 0; i < place.records; ++i)
      payload +=
          ByteReader(directory.subspan(std::size_t{i} * entry_bytes + 40)).fixed<std::uint32_t>();
    if (payload_begin + payload > trailer.footer_begin) return bad("footer's groups");
    place.payload_bytes = static_cast<std::uint32_t>(payload);
    if (!parse_entries(directory, trailer.pack, place, entries)) return bad("footer's entries");
    expected_begin = place.end();
  }
  if (!rest.empty()) return bad("footer's groups");
  return entries;
}

}  // namespace waag::storage::pack
