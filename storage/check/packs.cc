#include <algorithm>

#include "storage/check/examiner.h"
#include "storage/meta/damage.h"
#include "storage/pack/pack_file.h"

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

struct DamagedRecord {
  RecordPlace at;
  std::string what;
};

/// Whether the record can be read and holds what its directory says.
Result<bool> proves_good(PackSet& packs, const RecordPlace& at) {
  const auto directory = packs.directory(at.pack);
  if (!directory) return directory.error();
  if (at.record >= (*directory)->entries.size()) return false;
  const auto& entry = (*directory)->entries[at.record];
  WAAG_TRY(const auto raw, packs.read(entry.at));
  return pack::matches_hash(entry, raw);
}

/// Takes back what is known as damaged and is not: memory or a cable may have been at fault.
void forget_good_records(const Examiner& examiner) {
  std::vector<RecordPlace> noted;
  const auto scanned =
      examiner.rows.scan(keys::all('X'), "", [&](std::string_view key, std::string_view) {
        noted.push_back(keys::damaged_record(key));
        return noted.size() < DamagedRecords::records_max;
      });
  if (!examiner.good(scanned, "damaged records")) return;
  std::erase_if(noted, [&](const RecordPlace& at) {
    const auto good = proves_good(examiner.packs, at);
    return !good || !*good;
  });
  forget_damage(examiner.rows, examiner.packs, noted);
}

/// Whether the record is what its look-up row leads to. Without such a row only a xorb's run may
/// need it, which is looked at with the xorbs.
bool is_needed(const Examiner& examiner, const RecordPlace& damaged) {
  const auto directory = examiner.packs.directory(damaged.pack);
  if (!directory || damaged.record >= (*directory)->entries.size()) return true;
  const auto& entry = (*directory)->entries[damaged.record];
  if (entry.at.kind == RecordKind{0}) return true;  // nobody knows what it was
  const auto key = keys::look_up(entry.at.kind, entry.hash);
  const auto row = get_row(examiner.rows, key, decode_location);
  return !row || (*row && examiner.packs.damaged().contains(place_of(**row)));
}

/// Every byte of every pack. @return the records that are damaged, all of them noted as such
std::vector<DamagedRecord> verify_packs(const Examiner& examiner) {
  std::vector<DamagedRecord> damaged;
  const auto packs = examiner.packs.list();
  if (!examiner.good(packs, "packs")) return damaged;
  for (const auto pack : *packs) {
    ++examiner.report.packs;
    const auto about = "pack " + pack_name(pack) + ": ";
    const auto found = examiner.packs.verify(pack);
    if (!examiner.good(found, about + "cannot be read")) continue;
    std::vector<RecordPlace> records;
    for (const auto& finding : *found) {
      if (finding.damaged_record) records.push_back({pack, *finding.damaged_record});
      if (!finding.damaged_record)
        examiner.problem(about + finding.what);
      else if (damaged.size() < problems_max)
        damaged.push_back({records.back(), about + finding.what});
    }
    note_damage(examiner.rows, examiner.packs, records);
  }
  return damaged;
}

}  // namespace

void check_packs(const Examiner& examiner) {
  forget_good_records(examiner);
  for (const auto& record : verify_packs(examiner)) {
    if (is_needed(examiner, record.at))
      examiner.problem(record.what);
    else
      examiner.report.notes.push_back(record.what + "; nothing needs it");
  }
  check_look_ups(examiner, 'c');
  check_look_ups(examiner, 'g');
}

}  // namespace waag::storage::check
