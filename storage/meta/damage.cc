#include "storage/meta/damage.h"

#include "storage/meta/blob_rows.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

Result<bool> has_damage(const RowStore& rows, PackSet& packs, const XorbRow& xorb) {
  std::size_t first_chunk = 0;  // of the run
  for (const auto& run : xorb.runs) {
    for (const auto record : packs.damaged().within(run.pack, run.first_record, run.records)) {
      const auto& chunk = xorb.chunks[first_chunk + (record - run.first_record)];
      WAAG_TRY(const auto other, good_place(rows, packs, chunk.hash, chunk.raw_bytes));
      if (!other) return true;
    }
    first_chunk += run.records;
  }
  return false;
}

}  // namespace

void note_damage(RowStore& rows, PackSet& packs, std::span<const RecordPlace> records) {
  Transaction transaction;
  for (const auto& at : records) {
    if (!packs.damaged().add(at)) continue;
    const auto known = rows.get(keys::damaged(at));
    if (!known || !*known) transaction.puts.push_back(damaged_row(at));
  }
  if (!transaction.puts.empty()) (void)rows.apply(std::move(transaction));
}

void forget_damage(RowStore& rows, PackSet& packs, std::span<const RecordPlace> records) {
  Transaction transaction;
  for (const auto& at : records) {
    packs.damaged().remove(at);
    transaction.dels.push_back(keys::damaged(at));
  }
  if (!transaction.dels.empty()) (void)rows.apply(std::move(transaction));
}

Row damaged_row(const RecordPlace& at) { return {keys::damaged(at), plain_row()}; }

Result<std::optional<Location>> good_place(const RowStore& rows, PackSet& packs,
                                           const ChunkHash& chunk, std::uint32_t raw_bytes) {
  WAAG_TRY(auto at, get_row(rows, keys::chunk(chunk), decode_location));
  if (at && (at->raw_bytes != raw_bytes || packs.damaged().contains(place_of(*at)))) at.reset();
  return at;
}

Result<bool> is_damaged(const RowStore& rows, PackSet& packs, const BlobId& id) {
  if (packs.damaged().empty()) return false;
  WAAG_TRY(const auto manifest, get_row(rows, keys::blob(id), decode_manifest));
  if (!manifest) return false;
  for (const auto& term : manifest->terms) {
    WAAG_TRY(const auto xorb, get_row(rows, keys::xorb(term.xorb), decode_xorb));
    if (!xorb) return true;
    WAAG_TRY(const bool damaged, has_damage(rows, packs, *xorb));
    if (damaged) return true;
  }
  return false;
}

Result<bool> is_damaged(const RowStore& rows, PackSet& packs, const GitId& blob) {
  if (packs.damaged().empty()) return false;
  WAAG_TRY(const auto at, get_row(rows, keys::git_object(blob), decode_location));
  if (at) return packs.damaged().contains(place_of(*at));
  WAAG_TRY(const auto large, get_row(rows, keys::large_git_blob(blob), decode_large_git_blob));
  if (!large) return false;
  return is_damaged(rows, packs, *large);
}

}  // namespace waag::storage
