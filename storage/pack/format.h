#pragma once

#include <cstdint>
#include <vector>

#include "storage/pack/pack_set.h"

/// The bytes of a pack file. All integers little-endian; every part starts on a 4 KiB border.
///
///   0      +--------------------------------------------------------------+
///          | head    "WAAGPACK" version class pack-id ... crc     4096 B   |
///   4096   +--------------------------------------------------------------+
///          | group   header 64 B | 48 B an entry | zeros                  |
///          |         payload 0 payload 1 payload 2 ... zeros to 4 KiB      |   payloads touch: a
///          run of
///          +--------------------------------------------------------------+   raw ones is one
///          sendfile | group   ...                                                  |
///          +--------------------------------------------------------------+  <- an .open file ends
///          here | footer  12 B a group | 48 B an entry | zeros                 | | trailer
///          "WAAGTAIL" ... crc   the last 64 B of the file       |
///          +--------------------------------------------------------------+  <- a .pack file ends
///          here
///
///   group header:  0 magic   4 crc of bytes 8 .. end of directory   8 pack id   16 begin (its own
///   file offset)
///                 20 first record   24 records   28 payload offset (from begin)   32 payload bytes
///                 36 zeros
///   entry:         0 hash 32 kind 33 codec 34 dtype 35 phase 36 raw bytes 40 stored bytes 44 crc
///   of payload footer group:  0 begin   4 payload offset   8 records trailer:       0 "WAAGTAIL"
///   8 pack id   16 version   20 footer begin   24 groups   28 records
///                 32 crc of footer   36 zeros   60 crc of bytes 0..60
///
/// A group names its pack, its offset and its first record under its CRC, so a block that landed in
/// the wrong place is not taken for a good one. A footer only repeats what the groups say: a pack
/// with a damaged footer is still read, group by group. Every checksum is CRC-32C.
namespace waag::storage::pack {

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t block_bytes = 4096;  // alignment of O_DIRECT and of the page cache
inline constexpr std::uint32_t head_bytes = block_bytes;
inline constexpr std::uint32_t group_header_bytes = 64;
inline constexpr std::uint32_t entry_bytes = 48;
inline constexpr std::uint32_t footer_group_bytes = 12;
inline constexpr std::uint32_t trailer_bytes = 64;
/// Bounds of what a reader believes before a CRC was checked, and of what a writer makes.
inline constexpr std::uint32_t group_records_max = 1u << 16;
inline constexpr std::uint32_t record_bytes_max = 256u << 20;  // a git tree of some million entries
/// Offsets are 32 bits; so that begin + one largest group never overflows.
inline constexpr std::uint64_t file_bytes_max = 3ull << 30;

constexpr std::uint64_t align_up(std::uint64_t value) {
  return (value + block_bytes - 1) / block_bytes * block_bytes;
}

struct PackHead {
  PackId pack{};
  PackClass kind{PackClass::chunks};
};
Bytes encode_head(const PackHead& head);
/// @param bytes  the file's first head_bytes
Result<PackHead> parse_head(ByteView bytes);

/// Where one group lies. Offsets are in the pack file.
struct GroupPlace {
  std::uint32_t begin = 0;
  std::uint32_t payload_begin = 0;
  std::uint32_t first_record = 0;
  std::uint32_t records = 0;
  std::uint32_t payload_bytes = 0;

  [[nodiscard]] std::uint32_t directory_end() const {
    return begin + group_header_bytes + records * entry_bytes;
  }
  [[nodiscard]] std::uint32_t end() const {
    return static_cast<std::uint32_t>(align_up(payload_begin + std::uint64_t{payload_bytes}));
  }
};

/// Where the payloads of a group of `records` records start, from the group's begin.
constexpr std::uint32_t payload_offset(std::uint32_t records, PackClass kind) {
  const auto end = group_header_bytes + std::uint64_t{records} * entry_bytes;
  // Small objects do not leave by sendfile: no use in a block of zeros before each of them.
  return static_cast<std::uint32_t>(kind == PackClass::chunks ? align_up(end) : end);
}

/// Writes header and directory of a group into `out` (directory_end() - begin bytes).
/// @param entries  one per record, their locations' offsets as `place` says
void encode_group(PackId pack, const GroupPlace& place, std::span<const DirectoryEntry> entries,
                  std::span<std::byte> out);
/// Reads the header alone: what is needed to know how long the directory is. Nothing in it is
/// proven before parse_directory; the bounds are: the group lies within [begin, file_end).
/// Errc::corrupt.
Result<GroupPlace> parse_group_header(ByteView header, PackId pack, std::uint32_t begin,
                                      std::uint64_t file_end);
/// @param bytes  header and directory: place.directory_end() - place.begin bytes
Result<std::vector<DirectoryEntry>> parse_directory(ByteView bytes, PackId pack,
                                                    const GroupPlace& place);

struct Trailer {
  PackId pack{};
  std::uint32_t footer_begin = 0;
  std::uint32_t groups = 0;
  std::uint32_t records = 0;
  std::uint32_t footer_crc = 0;

  [[nodiscard]] std::uint64_t footer_bytes() const {
    return std::uint64_t{groups} * footer_group_bytes + std::uint64_t{records} * entry_bytes;
  }
};

/// Footer, zeros and trailer: what is appended at `footer_begin` to seal a pack.
Bytes encode_footer(PackId pack, std::uint32_t footer_begin, std::span<const GroupPlace> groups,
                    std::span<const DirectoryEntry> entries);
/// @param bytes  the file's last trailer_bytes
/// @return Errc::corrupt unless the footer it names fills the file up to its end exactly
Result<Trailer> parse_trailer(ByteView bytes, PackId pack, std::uint64_t file_bytes);
/// @param bytes  trailer.footer_bytes() bytes from trailer.footer_begin on
Result<std::vector<DirectoryEntry>> parse_footer(ByteView bytes, const Trailer& trailer);

}  // namespace waag::storage::pack
