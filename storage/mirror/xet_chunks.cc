#include "storage/mirror/xet_chunks.h"

#include <algorithm>

#include "protocol/hash.h"
#include "storage/meta/damage.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// Of one transaction: a row is at most 300 KiB, so a frame stays below 5 MiB.
constexpr std::size_t rows_at_once = 16;
/// Fills of several files may add to one xorb.
constexpr int tries_max = 10;

}  // namespace

XetChunks::XetChunks(RowStore& rows, PackSet& packs, std::string_view upstream)
    : rows_(rows), packs_(packs), upstream_(sha256(as_bytes(upstream))) {}

std::string XetChunks::key(const XorbHash& xorb) const { return keys::seen_xorb(upstream_, xorb); }

Result<SeenXorb> XetChunks::seen(const XorbHash& xorb) const {
  WAAG_TRY(const auto value, rows_.get(key(xorb)));
  if (!value) return SeenXorb{};
  return decode_seen_xorb(*value);
}

Result<bool> XetChunks::holds(const XorbChunk& chunk) const {
  WAAG_TRY(const auto at, good_place(rows_, packs_, chunk.hash, chunk.raw_bytes));
  return at.has_value();
}

Result<Bytes> XetChunks::read(const XorbChunk& chunk) const {
  WAAG_TRY(const auto at, good_place(rows_, packs_, chunk.hash, chunk.raw_bytes));
  if (!at) return fail(Errc::not_found, "a chunk that is not here any more");
  auto bytes = packs_.read(*at);
  if (!bytes && bytes.error().code == Errc::corrupt) note_damage(rows_, packs_, place_of(*at));
  return bytes;
}

Status XetChunks::add(const std::map<XorbHash, SeenXorb>& more) {
  std::vector<std::pair<XorbHash, const SeenXorb*>> xorbs;
  for (const auto& [xorb, chunks] : more)
    if (!chunks.empty()) xorbs.emplace_back(xorb, &chunks);
  for (std::size_t at = 0; at < xorbs.size(); at += rows_at_once) {
    const auto some = std::span(xorbs).subspan(at, std::min(rows_at_once, xorbs.size() - at));
    Status added = ok();
    for (int tries = 0; tries < tries_max; ++tries) {
      added = add_some(some);
      if (added || added.error().code != Errc::conflict) break;
    }
    WAAG_CHECK(std::move(added));
  }
  return ok();
}

Status XetChunks::add_some(std::span<const std::pair<XorbHash, const SeenXorb*>> xorbs) {
  Transaction transaction;
  for (const auto& [xorb, chunks] : xorbs) {
    const auto at = key(xorb);
    WAAG_TRY(auto before, rows_.get(at));
    SeenXorb row;
    if (before) {
      WAAG_TRY(row, decode_seen_xorb(*before));
    }
    for (const auto& [number, chunk] : *chunks)
      if (number < seen_chunks_max) row.insert_or_assign(number, chunk);
    auto value = encode_seen_xorb(row);
    if (before == value) continue;
    transaction.expects.push_back({at, std::move(before)});
    transaction.puts.push_back({at, std::move(value)});
  }
  if (transaction.puts.empty()) return ok();
  const auto applied = rows_.apply(std::move(transaction));
  if (!applied) return applied.error();
  return ok();
}

}  // namespace waag::storage
