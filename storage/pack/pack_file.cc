#include "storage/pack/pack_file.h"

#include <algorithm>

#include "protocol/hash.h"
#include "storage/pack/codec.h"

namespace waag::storage::pack {

namespace {

constexpr std::string_view open_suffix = ".open";
constexpr std::string_view sealed_suffix = ".pack";
constexpr std::size_t check_piece_bytes = 256 * 1024;  // stays in the L2 cache between read and CRC

std::optional<std::uint64_t> parse_hex64(std::string_view text) {
  std::array<std::byte, 8> bytes;
  if (text.size() != 16 || !from_hex(text, bytes)) return std::nullopt;
  std::uint64_t value = 0;
  for (const auto byte : bytes) value = value << 8 | static_cast<std::uint64_t>(byte);
  return value;
}

Result<std::vector<DirectoryEntry>> read_footer(const File& file, PackId pack) {
  WAAG_TRY(const auto file_bytes, file.size());
  if (file_bytes < head_bytes + trailer_bytes || file_bytes > file_bytes_max)
    return fail(Errc::corrupt, "pack file has no room for a trailer");
  std::array<std::byte, trailer_bytes> tail;
  WAAG_CHECK(read_exactly(file, file_bytes - trailer_bytes, tail));
  WAAG_TRY(const auto trailer, parse_trailer(tail, pack, file_bytes));
  Bytes footer(trailer.footer_bytes());
  WAAG_CHECK(read_exactly(file, trailer.footer_begin, footer));
  return parse_footer(footer, trailer);
}

}  // namespace

std::filesystem::path pack_path(const std::filesystem::path& packs, PackId pack, bool open) {
  const auto name = pack_name(pack);
  return packs / name.substr(0, 2) / (name + std::string(open ? open_suffix : sealed_suffix));
}

std::optional<PackName> parse_file_name(std::string_view name) {
  const bool open = name.ends_with(open_suffix);
  if (!open && !name.ends_with(sealed_suffix)) return std::nullopt;
  const auto stem = name.substr(0, name.size() - open_suffix.size());
  const auto value = parse_hex64(stem);
  if (!value || pack_name(PackId{*value}) != stem) return std::nullopt;
  return PackName{PackId{*value}, open};
}

Status read_exactly(const File& file, std::uint64_t offset, std::span<std::byte> out) {
  WAAG_TRY(const auto got, file.read(offset, out));
  if (got != out.size()) return fail(Errc::corrupt, "pack file ends too early");
  return ok();
}

Result<Group> read_group(const File& file, PackId pack, std::uint32_t begin,
                         std::uint64_t file_end) {
  // One block holds the directory of a group of up to 84 records: mostly one read is enough.
  Bytes block(block_bytes);
  WAAG_TRY(const auto got, file.read(begin, block));
  block.resize(got);
  if (got < group_header_bytes) return fail(Errc::corrupt, "pack: no group here");
  WAAG_TRY(const auto place,
           parse_group_header(ByteView(block).first(group_header_bytes), pack, begin, file_end));
  const auto have = block.size();
  block.resize(place.directory_end() - place.begin);
  if (block.size() > have)
    WAAG_CHECK(read_exactly(file, begin + have, std::span(block).subspan(have)));
  WAAG_TRY(auto entries, parse_directory(block, pack, place));
  return Group{place, std::move(entries)};
}

Walk walk_groups(const File& file, PackId pack, std::uint64_t end,
                 std::span<const PackExtent> resume) {
  Walk walk;
  std::uint32_t at = head_bytes;
  while (at < end) {
    auto group = read_group(file, pack, at, end);
    const auto known = walk.entries.size();
    // Records that lie in a hole take a directory entry each, so it cannot hide more than it has
    // room for.
    const auto hidden_max = (at - walk.end) / entry_bytes;
    const bool fits = group && group->place.first_record >= known &&
                      group->place.first_record - known <= hidden_max;
    if (!fits) {
      const auto next = std::find_if(resume.begin(), resume.end(),
                                     [&](const PackExtent& extent) { return extent.begin > at; });
      walk.damaged = true;
      if (next == resume.end()) break;
      at = next->begin;
      continue;
    }
    while (walk.entries.size() < group->place.first_record) {
      DirectoryEntry lost;
      lost.at.kind = RecordKind{0};
      walk.entries.push_back(lost);
    }
    walk.entries.insert(walk.entries.end(), group->entries.begin(), group->entries.end());
    walk.places.push_back(group->place);
    at = walk.end = group->place.end();
  }
  return walk;
}

Result<PackDirectory> read_sealed_directory(const File& file, PackId pack) {
  PackDirectory directory;
  directory.pack = pack;
  auto footer = read_footer(file, pack);
  if (footer) {
    directory.entries = *std::move(footer);
    return directory;
  }
  if (footer.error().code != Errc::corrupt) return std::move(footer).error();
  WAAG_TRY(const auto file_bytes, file.size());
  auto walk = walk_groups(file, pack, std::min(file_bytes, file_bytes_max), {});
  if (walk.entries.empty()) return std::move(footer).error();
  directory.entries = std::move(walk.entries);
  return directory;
}

Status read_record(const File& file, const Location& at, std::span<std::byte> out) {
  if (at.raw_bytes != out.size() || at.raw_bytes > record_bytes_max)
    return fail(Errc::corrupt, "record's length differs from what was expected");
  if (at.codec == Codec::raw) {
    if (at.stored_bytes != at.raw_bytes) return fail(Errc::corrupt, "raw record's lengths differ");
    WAAG_CHECK(read_exactly(file, at.offset, out));
    if (crc32c(out) != at.crc) return fail(Errc::corrupt, "record checksum");
    return ok();
  }
  if (at.stored_bytes >= at.raw_bytes)
    return fail(Errc::corrupt, "encoded record is not shorter than raw");
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(at.stored_bytes);
  const std::span stored(memory.get(), at.stored_bytes);
  WAAG_CHECK(read_exactly(file, at.offset, stored));
  if (crc32c(stored) != at.crc) return fail(Errc::corrupt, "record checksum");
  return decode(at.codec, stored, out);
}

bool is_raw_run(std::span<const Location> records) {
  if (records.empty()) return false;
  std::uint64_t offset = records.front().offset;
  for (const auto& at : records) {
    if (at.codec != Codec::raw || at.pack != records.front().pack || at.offset != offset ||
        at.raw_bytes != at.stored_bytes)
      return false;
    offset += at.stored_bytes;
  }
  return true;
}

Status check_raw_run(const File& file, std::span<const Location> records) {
  // Not over a mapping: a bad sector would end the process with SIGBUS instead of an error.
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(check_piece_bytes);
  const std::span buffer(memory.get(), check_piece_bytes);
  std::uint64_t left = 0;
  for (const auto& at : records) left += at.stored_bytes;
  std::uint64_t offset = records.empty() ? 0 : records.front().offset;
  auto piece = buffer.first(0);
  for (const auto& at : records) {
    std::uint32_t crc = 0;
    for (std::uint32_t todo = at.stored_bytes; todo > 0;) {
      if (piece.empty()) {
        piece =
            buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
        WAAG_CHECK(read_exactly(file, offset, piece));
        offset += piece.size();
        left -= piece.size();
      }
      const auto part = piece.first(std::min<std::size_t>(piece.size(), todo));
      crc = crc32c(part, crc);
      piece = piece.subspan(part.size());
      todo -= static_cast<std::uint32_t>(part.size());
    }
    if (crc != at.crc) return fail(Errc::corrupt, "record checksum");
  }
  return ok();
}

}  // namespace waag::storage::pack
