#pragma once

#include <optional>

#include "storage/pack/format.h"

/// Reads pack files: groups, directories, records. Nothing that a file says is believed before its
/// checksum; no memory is taken for lengths that the file cannot hold.
namespace waag::storage::pack {

/// packs/ab/<name>.pack, or .open while it is appended to.
std::filesystem::path pack_path(const std::filesystem::path& packs, PackId pack, bool open);
/// The pack that a file name (no folder) names; nullopt for other files.
struct PackName {
  PackId pack{};
  bool open = false;
};
std::optional<PackName> parse_file_name(std::string_view name);

/// Fills `out` from `offset`. Errc::corrupt if the file ends before.
Status read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out);

struct Group {
  GroupPlace place;
  std::vector<DirectoryEntry> entries;
};
/// The group that starts at `begin`, directory verified. Errc::corrupt if there is none.
Result<Group> read_group(const File& file, PackId pack, std::uint32_t begin,
                         std::uint64_t file_end);

/// What a walk over a pack's groups found.
struct Walk {
  std::vector<GroupPlace> places;
  std::vector<DirectoryEntry> entries;  // by record number; records of a lost group have kind 0
  std::uint32_t end = head_bytes;       // past the last good group
  bool damaged = false;                 // a group was lost in between
};
/// Reads the groups in [head_bytes, end). Where one is damaged, goes on at the next of `resume`
/// (extents in file order); without one the walk ends there.
Walk walk_groups(const File& file, PackId pack, std::uint64_t end,
                 std::span<const PackExtent> resume);

/// The directory of a sealed pack: from its footer, or group by group if that is damaged.
/// Errc::corrupt if neither can be read.
Result<PackDirectory> read_sealed_directory(const File& file, PackId pack);

/// Reads and decodes one record into `out`, exactly at.raw_bytes, checksum verified. Errc::corrupt.
Status read_record(const File& file, const Location& at, std::span<std::byte> out);

/// True if the records are raw, of one pack and touch each other in order.
bool is_raw_run(std::span<const Location> records);
/// Verifies the checksums of a raw run by reading it through. Errc::corrupt.
Status check_raw_run(const File& file, std::span<const Location> records);

/// True if `raw` is what the record's hash names: keyed BLAKE3 for chunks, git's SHA-1 for objects.
bool matches_hash(const DirectoryEntry& entry, ByteView raw);

/// Checks every byte that a pack vouches for: head, groups, payload checksums and hashes, and
/// (sealed) that the footer says what the groups say. @return what is wrong; empty if whole
std::vector<PackFinding> verify_pack(const File& file, PackId pack, std::uint64_t end, bool sealed);

}  // namespace waag::storage::pack
