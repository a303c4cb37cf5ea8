#include "storage/git/objects.h"

#include <algorithm>

#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Payload and records of one group: well below the pack's own bound of 8 MiB, so that a group
/// never needs more memory than one write of a large blob does.
constexpr std::size_t group_bytes_max = 4u << 20;
constexpr std::size_t group_records_max = 4096;

RecordKind record_kind(git::ObjectKind kind) {
  switch (kind) {
    case git::ObjectKind::blob:
      return RecordKind::git_blob;
    case git::ObjectKind::tree:
      return RecordKind::git_tree;
    case git::ObjectKind::commit:
      return RecordKind::git_commit;
    case git::ObjectKind::tag:
      break;
  }
  return RecordKind::git_tag;
}

Status append_group(PackWriter& writer, std::vector<RecordIn>& group, Transaction& transaction) {
  if (group.empty()) return ok();
  WAAG_TRY(const auto places, writer.append_group(group));
  for (std::size_t i = 0; i < group.size(); ++i) {
    GitId id;
    std::copy_n(group[i].hash.begin(), id.bytes.size(), id.bytes.begin());
    transaction.derived.push_back({keys::git_object(id), encode(places[i])});
  }
  group.clear();
  return ok();
}

}  // namespace

GitId ObjectBatch::add(git::ObjectKind kind, std::string body) {
  const auto id = git::object_id(kind, as_bytes(body));
  if (ids_.insert(id).second) objects_.push_back({kind, id, std::move(body)});
  return id;
}

Status ObjectBatch::write(const RowStore& rows, PackSet& packs, Transaction& transaction) const {
  std::vector<std::string> wanted;
  for (const auto& object : objects_) wanted.push_back(keys::git_object(object.id));
  WAAG_TRY(const auto known, rows.get_many(wanted));
  if (std::ranges::all_of(known, [](const auto& row) { return row.has_value(); })) return ok();
  WAAG_TRY(const auto writer, packs.writer(PackClass::small_objects));
  std::vector<RecordIn> group;
  std::size_t group_bytes = 0;
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    if (known[i]) continue;
    const auto& object = objects_[i];
    if (group_bytes + object.body.size() > group_bytes_max || group.size() == group_records_max) {
      WAAG_CHECK(append_group(*writer, group, transaction));
      group_bytes = 0;
    }
    RecordIn record;
    record.kind = record_kind(object.kind);
    std::ranges::copy(object.id.bytes, record.hash.begin());
    record.codec = Codec::zstd;
    record.raw = as_bytes(object.body);
    group.push_back(record);
    group_bytes += object.body.size();
  }
  WAAG_CHECK(append_group(*writer, group, transaction));
  WAAG_TRY(const auto extents, writer->sync());
  transaction.extents.insert(transaction.extents.end(), extents.begin(), extents.end());
  return ok();
}

Result<Bytes> read_object(const RowStore& rows, PackSet& packs, const GitId& id,
                          git::ObjectKind kind) {
  WAAG_TRY(const auto row, rows.get(keys::git_object(id)));
  if (!row) return fail(Errc::not_found, "no git object " + id.hex());
  WAAG_TRY(const auto at, decode_location(*row));
  if (at.kind != record_kind(kind))
    return fail(Errc::corrupt,
                "git object " + id.hex() + " is not a " + std::string(git::to_string(kind)));
  return packs.read(at);
}

}  // namespace waag::storage
