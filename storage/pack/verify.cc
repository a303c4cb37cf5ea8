#include <algorithm>

#include "protocol/git/object.h"
#include "protocol/xet/merkle.h"
#include "storage/pack/pack_file.h"

namespace waag::storage::pack {

namespace {

using Findings = std::vector<PackFinding>;

void check_head(const File& file, PackId pack, Findings& findings) {
  Bytes bytes(head_bytes);
  const auto read = read_exactly(file, 0, bytes);
  const auto head = read ? parse_head(bytes) : Result<PackHead>(read.error());
  if (!head)
    findings.push_back({{}, head.error().what});
  else if (head->pack != pack)
    findings.push_back({{}, "head names another pack"});
}

void check_records(const File& file, std::span<const DirectoryEntry> entries, Findings& findings) {
  Bytes raw;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const auto about = "record " + std::to_string(i) + ": ";
    if (entry.at.kind == RecordKind{0}) {
      findings.push_back({i, about + "lost with its group"});
      continue;
    }
    raw.resize(entry.at.raw_bytes);
    const auto read = read_record(file, entry.at, raw);
    // A disk that cannot be read just now says nothing about what is on it.
    if (!read && read.error().code != Errc::corrupt)
      findings.push_back({{}, about + read.error().what});
    else if (!read)
      findings.push_back({i, about + read.error().what});
    else if (!matches_hash(entry, raw))
      findings.push_back({i, about + "hash differs"});
  }
}

bool same(const std::vector<DirectoryEntry>& a, const std::vector<DirectoryEntry>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const DirectoryEntry& x, const DirectoryEntry& y) {
                      return x.hash == y.hash && x.at == y.at;
                    });
}

}  // namespace

bool matches_hash(const DirectoryEntry& entry, ByteView raw) {
  if (entry.at.kind == RecordKind::chunk) return xet::chunk_hash(raw).bytes == entry.hash;
  git::ObjectKind kind{};
  switch (entry.at.kind) {
    case RecordKind::git_blob:
      kind = git::ObjectKind::blob;
      break;
    case RecordKind::git_tree:
      kind = git::ObjectKind::tree;
      break;
    case RecordKind::git_commit:
      kind = git::ObjectKind::commit;
      break;
    case RecordKind::git_tag:
      kind = git::ObjectKind::tag;
      break;
    default:
      return false;
  }
  std::array<std::byte, 32> hash{};
  const auto id = git::object_id(kind, raw);
  std::copy(id.bytes.begin(), id.bytes.end(), hash.begin());
  return hash == entry.hash;
}

std::vector<PackFinding> verify_pack(const File& file, PackId pack, std::uint64_t end,
                                     bool sealed) {
  Findings findings;
  check_head(file, pack, findings);
  auto groups_end = end;
  std::optional<Trailer> trailer;
  if (sealed) {
    std::array<std::byte, trailer_bytes> tail{};
    const auto read = end < head_bytes + trailer_bytes
                          ? Status(fail(Errc::corrupt, "no room for a trailer"))
                          : read_exactly(file, end - trailer_bytes, tail);
    const auto parsed = read ? parse_trailer(tail, pack, end) : Result<Trailer>(read.error());
    if (parsed) {
      trailer = *parsed;
      groups_end = trailer->footer_begin;
    } else {
      findings.push_back({{}, parsed.error().what});
    }
  }
  const auto walk = walk_groups(file, pack, std::min(groups_end, file_bytes_max), {});
  if (walk.damaged && (!sealed || trailer))
    findings.push_back({{}, "groups are damaged after offset " + std::to_string(walk.end)});
  auto known = walk.entries;
  if (trailer) {
    Bytes footer(trailer->footer_bytes());
    const auto read = read_exactly(file, trailer->footer_begin, footer);
    auto entries =
        read ? parse_footer(footer, *trailer) : Result<std::vector<DirectoryEntry>>(read.error());
    if (!entries)
      findings.push_back({{}, entries.error().what});
    else if (!same(*entries, walk.entries))
      findings.push_back({{}, "footer and groups differ"});
    if (entries && walk.damaged) known = *std::move(entries);  // past the damage, too
  }
  check_records(file, known, findings);
  return findings;
}

}  // namespace waag::storage::pack
