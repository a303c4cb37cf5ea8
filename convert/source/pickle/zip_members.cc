#include "convert/source/pickle/zip_members.h"

#include <algorithm>
#include <vector>

namespace waag::convert {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t descriptor_signature = 0x08074b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator_signature = 0x07064b50;

constexpr std::size_t local_bytes = 30;
constexpr std::size_t central_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator_bytes = 20;
constexpr std::size_t descriptor_bytes = 16;
constexpr std::size_t descriptor64_bytes = 24;

constexpr std::uint16_t flag_descriptor = 1u << 3;
constexpr std::uint16_t flag_utf8 = 1u << 11;
constexpr std::uint16_t zip64_extra = 1;
constexpr std::uint32_t in_extra = 0xffffffff;  // the value stands in the ZIP64 extra field

// Ours: a file of a sharded model has some thousand tensors.
constexpr std::uint64_t members_max = 1'000'000;
constexpr std::uint64_t directory_bytes_max = 256u << 20;
constexpr std::size_t name_bytes_max = 512;

Error bad(const WeightFile& file, const std::string& what) {
  return fail(Errc::unprocessable, file.name() + ": zip: " + what);
}

Result<Bytes> read(const WeightFile& file, std::uint64_t at, std::uint64_t count) {
  Bytes bytes(static_cast<std::size_t>(count));
  WAAG_CHECK(file.read_at(at, bytes));
  return bytes;
}

struct Directory {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t members = 0;
};

/// The ZIP64 end record in front of the locator at `locator_at`.
Result<Directory> find_directory64(const WeightFile& file, std::uint64_t locator_at,
                                   ByteReader locator) {
  const auto disk = locator.fixed<std::uint32_t>();
  const auto at = locator.fixed<std::uint64_t>();
  const auto disks = locator.fixed<std::uint32_t>();
  if (disk != 0 || disks != 1) return bad(file, "several disks");
  if (locator_at < end64_bytes || at != locator_at - end64_bytes)
    return bad(file, "the ZIP64 end record is not where its locator stands");
  WAAG_TRY(const Bytes bytes, read(file, at, end64_bytes));
  ByteReader reader(bytes);
  const auto signature = reader.fixed<std::uint32_t>();
  const auto size = reader.fixed<std::uint64_t>();
  reader.raw(4);  // versions
  const auto disk_numbers = reader.fixed<std::uint64_t>();
  Directory directory;
  const auto members_here = reader.fixed<std::uint64_t>();
  directory.members = reader.fixed<std::uint64_t>();
  const auto directory_bytes = reader.fixed<std::uint64_t>();
  directory.begin = reader.fixed<std::uint64_t>();
  directory.end = at;
  if (signature != end64_signature || size != end64_bytes - 12 || disk_numbers != 0 ||
      members_here != directory.members)
    return bad(file, "malformed ZIP64 end record");
  if (directory.begin > at || at - directory.begin != directory_bytes)
    return bad(file, "the directory does not end where the end record begins");
  return directory;
}

Result<Directory> find_directory(const WeightFile& file) {
  if (file.size_bytes() < end_bytes) return bad(file, "too short");
  const auto at = file.size_bytes() - end_bytes;
  WAAG_TRY(const Bytes bytes, read(file, at, end_bytes));
  ByteReader reader(bytes);
  if (reader.fixed<std::uint32_t>() != end_signature)
    return bad(file, "no end record at the end of the file");
  const auto disk_numbers = reader.fixed<std::uint32_t>();
  const auto members_here = reader.fixed<std::uint16_t>();
  const auto members = reader.fixed<std::uint16_t>();
  const auto directory_bytes = reader.fixed<std::uint32_t>();
  const auto begin = reader.fixed<std::uint32_t>();
  const auto comment_bytes = reader.fixed<std::uint16_t>();
  if (disk_numbers != 0 || members_here != members) return bad(file, "several disks");
  if (comment_bytes != 0) return bad(file, "has a comment");
  Directory directory{begin, at, members};
  if (at >= locator_bytes) {
    const auto locator_at = at - locator_bytes;
    WAAG_TRY(const Bytes locator, read(file, locator_at, locator_bytes));
    ByteReader fields(locator);
    if (fields.fixed<std::uint32_t>() == locator_signature) {
      WAAG_TRY(directory, find_directory64(file, locator_at, fields));
      const bool agrees =
          (members == 0xffff || members == directory.members) &&
          (begin == in_extra || begin == directory.begin) &&
          (directory_bytes == in_extra || directory_bytes == directory.end - directory.begin);
      if (!agrees) return bad(file, "two end records that differ");
      return directory;
    }
  }
  if (begin > at || at - begin != directory_bytes)
    return bad(file, "the directory does not end where the end record begins");
  return directory;
}

struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint32_t crc32 = 0;
  std::uint64_t size = 0;
  std::uint64_t header_at = 0;
};

/// Takes from the ZIP64 extra field what the entry leaves to it.
/// @return false if it is not all there
bool complete_from_extra(ByteView extra, std::uint64_t& size, std::uint64_t& packed,
                         std::uint64_t& header_at) {
  ByteReader reader(extra);
  while (reader.left() >= 4) {
    const auto id = reader.fixed<std::uint16_t>();
    ByteReader field(reader.raw(reader.fixed<std::uint16_t>()));
    if (id != zip64_extra) continue;
    for (auto* value : {&size, &packed, &header_at})
      if (*value == in_extra) *value = field.fixed<std::uint64_t>();
    return reader.ok() && field.ok();
  }
  return reader.ok() && size != in_extra && packed != in_extra && header_at != in_extra;
}

Result<Entry> read_entry(const WeightFile& file, ByteReader& reader) {
  if (reader.fixed<std::uint32_t>() != central_signature)
    return bad(file, "malformed entry of the directory");
  reader.raw(4);  // versions
  Entry entry;
  entry.flags = reader.fixed<std::uint16_t>();
  const auto method = reader.fixed<std::uint16_t>();
  reader.raw(4);  // time
  entry.crc32 = reader.fixed<std::uint32_t>();
  std::uint64_t packed = reader.fixed<std::uint32_t>();
  entry.size = reader.fixed<std::uint32_t>();
  const auto name_bytes = reader.fixed<std::uint16_t>();
  const auto extra_bytes = reader.fixed<std::uint16_t>();
  const auto comment_bytes = reader.fixed<std::uint16_t>();
  const auto disk = reader.fixed<std::uint16_t>();
  reader.raw(6);  // attributes
  entry.header_at = reader.fixed<std::uint32_t>();
  entry.name = as_text(reader.raw(name_bytes));
  const auto extra = reader.raw(extra_bytes);
  reader.raw(comment_bytes);
  if (!reader.ok()) return bad(file, "malformed entry of the directory");
  if (entry.name.empty() || entry.name.size() > name_bytes_max)
    return bad(file, "a name that is empty or too long");
  if (method != 0) return bad(file, entry.name + " is compressed");
  if ((entry.flags & ~(flag_descriptor | flag_utf8)) != 0)
    return bad(file, entry.name + " has flags that are not allowed");
  if (disk != 0) return bad(file, "several disks");
  if (!complete_from_extra(extra, entry.size, packed, entry.header_at))
    return bad(file, entry.name + " has a malformed extra field");
  if (packed != entry.size) return bad(file, entry.name + " has two sizes");
  return entry;
}

/// Reads the local header of an entry, which must agree with it.
/// @return where the member's bytes begin
Result<std::uint64_t> check_local(const WeightFile& file, const Entry& entry) {
  WAAG_TRY(const Bytes bytes, read(file, entry.header_at, local_bytes + entry.name.size()));
  ByteReader reader(bytes);
  const auto signature = reader.fixed<std::uint32_t>();
  reader.raw(2);  // version
  const auto flags = reader.fixed<std::uint16_t>();
  const auto method = reader.fixed<std::uint16_t>();
  reader.raw(4);  // time
  const auto crc32 = reader.fixed<std::uint32_t>();
  const std::uint64_t packed = reader.fixed<std::uint32_t>();
  const std::uint64_t size = reader.fixed<std::uint32_t>();
  const auto name_bytes = reader.fixed<std::uint16_t>();
  const auto extra_bytes = reader.fixed<std::uint16_t>();
  const bool later = (flags & flag_descriptor) != 0;
  const auto fits = [&](std::uint64_t value, std::uint64_t wanted) {
    return value == wanted || value == in_extra || (later && value == 0);
  };
  if (signature != local_signature || flags != entry.flags || method != 0 ||
      name_bytes != entry.name.size() || as_text(reader.raw(name_bytes)) != entry.name ||
      !(crc32 == entry.crc32 || (later && crc32 == 0)) || !fits(packed, entry.size) ||
      !fits(size, entry.size))
    return bad(file, entry.name + " has a local header that differs from the directory");
  return entry.header_at + local_bytes + name_bytes + extra_bytes;
}

/// What stands between a member's bytes and the next header: its data descriptor or nothing.
Status check_after(const WeightFile& file, const Entry& entry, std::uint64_t end,
                   std::uint64_t next) {
  const bool later = (entry.flags & flag_descriptor) != 0;
  if (end == next && !later) return ok();
  const auto gap = next - end;
  if (!later || (gap != descriptor_bytes && gap != descriptor64_bytes))
    return bad(file, "bytes between " + entry.name + " and what follows it");
  WAAG_TRY(const Bytes bytes, read(file, end, gap));
  ByteReader reader(bytes);
  const bool wide = gap == descriptor64_bytes;
  const auto size_field = [&]() -> std::uint64_t {
    return wide ? reader.fixed<std::uint64_t>() : reader.fixed<std::uint32_t>();
  };
  const auto signature = reader.fixed<std::uint32_t>();
  const auto crc32 = reader.fixed<std::uint32_t>();
  const auto packed = size_field();
  const auto size = size_field();
  if (signature != descriptor_signature || crc32 != entry.crc32 || packed != entry.size ||
      size != entry.size)
    return bad(file, entry.name + " has a data descriptor that differs from the directory");
  return ok();
}

/// Checks that the members cover the file up to the directory, and notes where they stand.
Result<ZipMembers> place(const WeightFile& file, std::vector<Entry> entries,
                         const Directory& directory) {
  std::ranges::sort(entries, {}, &Entry::header_at);
  ZipMembers members;
  std::uint64_t reached = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const auto next = i + 1 < entries.size() ? entries[i + 1].header_at : directory.begin;
    if (entry.header_at != reached || next > directory.begin)
      return bad(file, entry.name + " overlaps another, or there is a gap before it");
    WAAG_TRY(const auto begin, check_local(file, entry));
    if (begin > next || entry.size > next - begin)
      return bad(file, entry.name + " reaches into what follows it");
    WAAG_CHECK(check_after(file, entry, begin + entry.size, next));
    if (!members.emplace(entry.name, ZipMember{begin, entry.size, entry.crc32}).second)
      return bad(file, "two members of one name: " + entry.name);
    reached = next;
  }
  if (reached != directory.begin) return bad(file, "bytes before the directory");
  return members;
}

}  // namespace

Result<ZipMembers> list_zip(const WeightFile& file) {
  WAAG_TRY(const auto directory, find_directory(file));
  const auto directory_bytes = directory.end - directory.begin;
  if (directory_bytes > directory_bytes_max || directory.members > members_max ||
      directory.members > directory_bytes / central_bytes)
    return bad(file, "too many members");
  WAAG_TRY(const Bytes bytes, read(file, directory.begin, directory_bytes));
  ByteReader reader(bytes);
  std::vector<Entry> entries;
  entries.reserve(directory.members);
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    WAAG_TRY(auto entry, read_entry(file, reader));
    entries.push_back(std::move(entry));
  }
  if (!reader.at_end()) return bad(file, "bytes after the last entry of the directory");
  return place(file, std::move(entries), directory);
}

}  // namespace waag::convert
