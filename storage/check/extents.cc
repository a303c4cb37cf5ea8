#include <algorithm>
#include <map>

#include "storage/check/examiner.h"

// An index made anew has look-up rows for what the journal's extents name, and for nothing else.
// What is not covered by them is lost with the index, what they name and is not there is lost
// already.

namespace waag::storage::check {
namespace {

using Extents = std::map<PackId, std::vector<PackExtent>>;  // ascending

std::string name_of(const PackExtent& extent) {
  return "pack " + pack_name(extent.pack) + ": the journal's records " +
         std::to_string(extent.first_record) + " to " +
         std::to_string(std::uint64_t{extent.first_record} + extent.records);
}

void check_overlap(const Examiner& examiner, const std::vector<PackExtent>& extents) {
  for (std::size_t i = 1; i < extents.size(); ++i) {
    const auto& before = extents[i - 1];
    const bool apart = before.end <= extents[i].begin &&
                       before.first_record + before.records <= extents[i].first_record;
    if (!apart) examiner.problem(name_of(extents[i]) + " are named twice");
  }
}

/// The pack has these records, and they lie where the journal says.
void check_held(const Examiner& examiner, const PackExtent& extent,
                const std::vector<DirectoryEntry>& entries) {
  const auto after = std::uint64_t{extent.first_record} + extent.records;
  if (after > entries.size())
    return examiner.problem(name_of(extent) + " lie past its end, which is " +
                            std::to_string(entries.size()));
  for (std::uint64_t i = extent.first_record; i < after; ++i) {
    const auto& at = entries[i].at;
    if (at.kind == RecordKind{0}) continue;  // verify has found it
    if (at.offset < extent.begin || std::uint64_t{at.offset} + at.stored_bytes > extent.end)
      return examiner.problem(name_of(extent) + " lie elsewhere");
  }
}

void check_pack(const Examiner& examiner, const std::vector<PackExtent>& extents) {
  check_overlap(examiner, extents);
  const auto directory = examiner.packs.directory(extents.front().pack);
  if (!directory && directory.error().code == Errc::corrupt) {
    // Whatever is still needed of it has been found missing by who needs it.
    examiner.report.notes.push_back(directory.error().what);
    return;
  }
  if (!examiner.good(directory, "pack " + pack_name(extents.front().pack))) return;
  for (const auto& extent : extents) check_held(examiner, extent, (*directory)->entries);
}

bool covers(const Extents& extents, const Location& at) {
  const auto pack = extents.find(at.pack);
  if (pack == extents.end()) return false;
  const auto after =
      std::ranges::upper_bound(pack->second, at.record, {}, &PackExtent::first_record);
  return after != pack->second.begin() &&
         at.record - std::prev(after)->first_record < std::prev(after)->records;
}

void check_covered(const Examiner& examiner, const Extents& extents, char kind) {
  examiner.each(keys::all(kind), decode_location, [&](std::string_view key, const Location& at) {
    if (!covers(extents, at))
      examiner.problem("look-up " + to_hex(as_bytes(key)) +
                       ": the journal does not know its record");
  });
}

}  // namespace

void check_extents(const Examiner& examiner) {
  const auto all = examiner.rows.journaled_extents();
  if (!examiner.good(all, "journal")) return;
  Extents extents;
  for (const auto& extent : *all) extents[extent.pack].push_back(extent);
  for (const auto& [pack, of_pack] : extents) check_pack(examiner, of_pack);
  for (const char kind : {'c', 'g'}) check_covered(examiner, extents, kind);
}

}  // namespace waag::storage::check
