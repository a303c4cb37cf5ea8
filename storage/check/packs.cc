#include <algorithm>

#include "storage/check/examiner.h"

namespace waag::storage::check {
namespace {

/// A look-up row's hash as records carry it: 32 bytes, git ids with zeros behind.
std::array<std::byte, 32> record_hash(std::string_view key) {
  std::array<std::byte, 32> hash{};
  std::ranges::copy(as_bytes(key.substr(1)), hash.begin());
  return hash;
}

bool is_git(RecordKind kind) { return kind != RecordKind::chunk; }

/// Look-up rows are derived: what counts is the directory in the pack.
void check_look_ups(const Examiner& examiner, char kind) {
  examiner.each(keys::all(kind), decode_location, [&](std::string_view key, const Location& at) {
    ++examiner.report.records;
    const auto about = "look-up " + to_hex(as_bytes(key));
    const auto directory = examiner.packs.directory(at.pack);
    if (!examiner.good(directory, about)) return;
    const auto& entries = (*directory)->entries;
    if (at.record >= entries.size())
      return examiner.problem(about + ": its pack has no such record");
    const auto& entry = entries[at.record];
    if (entry.hash != record_hash(key) || entry.at != at || is_git(at.kind) != (kind == 'g'))
      examiner.problem(about + ": its pack says otherwise");
  });
}

}  // namespace

void check_packs(const Examiner& examiner) {
  const auto packs = examiner.packs.list();
  if (!examiner.good(packs, "packs")) return;
  for (const auto pack : *packs) {
    ++examiner.report.packs;
    const auto about = "pack " + pack_name(pack);
    const auto found = examiner.packs.verify(pack);
    if (!examiner.good(found, about)) continue;
    for (const auto& line : *found) examiner.problem(about + ": " + line);
  }
  check_look_ups(examiner, 'c');
  check_look_ups(examiner, 'g');
}

}  // namespace waag::storage::check
