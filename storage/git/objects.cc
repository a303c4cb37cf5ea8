#include "storage/git/objects.h"

#include <algorithm>

#include "storage/meta/damage.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Payload and records of one group: enough to make its directory and its padding cheap.
constexpr std::uint32_t group_bytes_max = 1u << 20;
constexpr std::size_t group_records_max = 2048;
/// Objects whose rows wait for the change's own transaction; more go before it, so that neither
/// memory nor one batch of rows grows with the change.
constexpr std::size_t unpublished_max = 4096;

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

}  // namespace

Status ObjectWriter::noted(Status status) {
  if (!status) failed_ = status.error();
  return status;
}

Result<GitId> ObjectWriter::add(git::ObjectKind kind, std::string body) {
  if (failed_) return *failed_;
  const auto id = git::object_id(kind, as_bytes(body));
  if (places_.contains(id) || held_ids_.contains(id)) return id;
  const auto bytes_max = std::min(group_bytes_max, packs_.options().group_bytes_max);
  const bool full = held_.size() == group_records_max || held_bytes_ + body.size() > bytes_max;
  if (full) {
    WAAG_CHECK(flush());
    if (places_.size() >= unpublished_max) WAAG_CHECK(noted(publish()));
  }
  held_bytes_ += body.size();
  held_.push_back({kind, id, std::move(body)});
  held_ids_.insert(id);
  return id;
}

Status ObjectWriter::flush() {
  if (failed_) return *failed_;
  return held_.empty() ? ok() : noted(write_held());
}

Status ObjectWriter::write_held() {
  std::vector<std::string> wanted;
  for (const auto& object : held_) wanted.push_back(keys::git_object(object.id));
  WAAG_TRY(const auto known, rows_.get_many(wanted));
  std::vector<RecordIn> group;
  std::vector<GitId> ids;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (known[i]) {
      WAAG_TRY(const auto at, decode_location(*known[i]));
      if (!packs_.damaged().contains(place_of(at))) continue;
      damaged_.push_back(damaged_row(place_of(at)));
    }
    RecordIn record;
    record.kind = record_kind(held_[i].kind);
    std::ranges::copy(held_[i].id.bytes, record.hash.begin());
    record.codec = Codec::zstd;
    record.raw = as_bytes(held_[i].body);
    group.push_back(record);
    ids.push_back(held_[i].id);
  }
  if (!group.empty()) {
    if (!writer_) {
      WAAG_TRY(writer_, packs_.writer(PackClass::small_objects));
    }
    WAAG_TRY(const auto places, writer_->append_group(group));
    for (std::size_t i = 0; i < ids.size(); ++i) places_.emplace(ids[i], places[i]);
  }
  held_.clear();
  held_ids_.clear();
  held_bytes_ = 0;
  return ok();
}

const Location* ObjectWriter::place(const GitId& id) const {
  const auto at = places_.find(id);
  return at == places_.end() ? nullptr : &at->second;
}

Status ObjectWriter::settle(Transaction& transaction) {
  WAAG_CHECK(flush());
  if (places_.empty()) return ok();
  auto synced = writer_->sync();
  if (!synced) return noted(synced.error());
  extents_.insert(extents_.end(), synced->begin(), synced->end());
  transaction.extents.insert(transaction.extents.end(), extents_.begin(), extents_.end());
  for (const auto& [id, at] : places_)
    transaction.derived.push_back({keys::git_object(id), encode(at)});
  transaction.puts.insert(transaction.puts.end(), damaged_.begin(), damaged_.end());
  return ok();
}

void ObjectWriter::settled() {
  places_.clear();
  extents_.clear();
  damaged_.clear();
}

Status ObjectWriter::publish_repairs() {
  WAAG_CHECK(flush());
  return damaged_.empty() ? ok() : noted(publish());
}

Status ObjectWriter::publish() {
  Transaction transaction;
  WAAG_CHECK(settle(transaction));
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  settled();
  return ok();
}

Result<Bytes> read_object(RowStore& rows, PackSet& packs, const GitId& id, git::ObjectKind kind) {
  WAAG_TRY(const auto row, rows.get(keys::git_object(id)));
  if (!row) return fail(Errc::not_found, "no git object " + id.hex());
  WAAG_TRY(const auto at, decode_location(*row));
  if (at.kind != record_kind(kind))
    return fail(Errc::corrupt,
                "git object " + id.hex() + " is not a " + std::string(git::to_string(kind)));
  auto body = packs.read(at);
  if (!body && body.error().code == Errc::corrupt) note_damage(rows, packs, place_of(at));
  return body;
}

}  // namespace waag::storage
