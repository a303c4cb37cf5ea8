#include <algorithm>

#include "protocol/git/object.h"
#include "protocol/xet/merkle.h"
#include "storage/pack/pack_file.h"

namespace waag::storage::pack {

namespace {

/// Collects findings about one pack.
class Findings {
 public:
  explicit Findings(PackId pack) : pack_(pack) {}
  void add(const std::string& what) { lines_.push_back("pack " + pack_name(pack_) + ": " + what); }
  void add(std::size_t record, const std::string& what) {
    add("record " + std::to_string(record) + ": " + what);
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  PackId pack_;
  std::vector<std::string> lines_;
};

void check_head(const File& file, PackId pack, Findings& findings) {
  Bytes bytes(head_bytes);
  const auto read = read_exactly(file, 0, bytes);
  if (!read) return findings.add(read.error().what);
  const auto head = parse_head(bytes);
  if (!head) return findings.add(head.error().what);
  if (head->pack != pack) findings.add("head names another pack");
}

void check_records(const File& file, std::span<const DirectoryEntry> entries, Findings& findings) {
  Bytes raw;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    if (entry.at.kind == RecordKind{0}) {
      findings.add(i, "lost with its group");
      continue;
    }
    raw.resize(entry.at.raw_bytes);
    const auto read = read_record(file, entry.at, raw);
    if (!read)
      findings.add(i, read.error().what);
    else if (!matches_hash(entry, raw))
      findings.add(i, "hash differs");
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

std::vector<std::string> verify_pack(const File& file, PackId pack, std::uint64_t end,
                                     bool sealed) {
  Findings findings(pack);
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
      findings.add(parsed.error().what);
    }
  }
  const auto walk = walk_groups(file, pack, std::min(groups_end, file_bytes_max), {});
  if (walk.damaged && (!sealed || trailer))
    findings.add("groups are damaged after offset " + std::to_string(walk.end));
  if (trailer) {
    Bytes footer(trailer->footer_bytes());
    const auto read = read_exactly(file, trailer->footer_begin, footer);
    const auto entries =
        read ? parse_footer(footer, *trailer) : Result<std::vector<DirectoryEntry>>(read.error());
    if (!entries)
      findings.add(entries.error().what);
    else if (!same(*entries, walk.entries))
      findings.add("footer and groups differ");
  }
  check_records(file, walk.entries, findings);
  return findings.take();
}

}  // namespace waag::storage::pack
