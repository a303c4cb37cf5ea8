#include "storage/xet/file_check.h"

#include <algorithm>

#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

Error unknown_xorb(const XorbHash& xorb) {
  return fail(Errc::unprocessable, "xorb " + xet::xet_string(xorb) + " was not uploaded");
}

/// The chunks of one term, checked against its length and its range hash.
Result<std::span<const XorbChunk>> chunks_of(XorbRows& xorbs, const xet::ShardTerm& term,
                                             const ChunkHash& proof) {
  WAAG_TRY(const auto* row, xorbs.find(term.xorb));
  if (row == nullptr) return unknown_xorb(term.xorb);
  if (term.begin >= term.end || term.end > row->chunks.size())
    return fail(Errc::unprocessable, "term past the end of xorb " + xet::xet_string(term.xorb));
  const auto chunks =
      std::span<const XorbChunk>(row->chunks).subspan(term.begin, term.end - term.begin);
  std::vector<ChunkHash> hashes;
  hashes.reserve(chunks.size());
  std::uint64_t bytes = 0;
  for (const auto& chunk : chunks) {
    hashes.push_back(chunk.hash);
    bytes += chunk.raw_bytes;
  }
  if (bytes != term.raw_bytes)
    return fail(Errc::unprocessable, "term of xorb " + xet::xet_string(term.xorb) + " has " +
                                         std::to_string(bytes) + " bytes, not " +
                                         std::to_string(term.raw_bytes));
  if (xet::range_hash(hashes) != proof)
    return fail(Errc::unprocessable,
                "range hash of xorb " + xet::xet_string(term.xorb) + " proves nothing");
  return chunks;
}

}  // namespace

Result<const XorbRow*> XorbRows::find(const XorbHash& xorb) {
  const auto kept = std::ranges::find(kept_, xorb, &Entry::xorb);
  if (kept != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, kept);
    return &kept_.front().row;
  }
  WAAG_TRY(auto row, get_row(rows_, keys::xorb(xorb), decode_xorb));
  if (!row) return nullptr;
  kept_.push_front({xorb, *std::move(row)});
  if (kept_.size() > kept_max) kept_.pop_back();
  return &kept_.front().row;
}

Result<CheckedFile> check_file(XorbRows& xorbs, const xet::ShardFile& file) {
  if (file.range_hashes.size() != file.terms.size())
    return fail(Errc::unprocessable, "a file of the shard has no range hashes");
  CheckedFile checked;
  xet::MerkleBuilder tree;
  checked.terms.reserve(file.terms.size());
  for (std::size_t i = 0; i < file.terms.size(); ++i) {
    const auto& term = file.terms[i];
    WAAG_TRY(const auto chunks, chunks_of(xorbs, term, file.range_hashes[i]));
    for (const auto& chunk : chunks) tree.add({chunk.hash, chunk.raw_bytes});
    checked.terms.push_back({term.xorb, term.begin, term.end - term.begin, term.raw_bytes});
    checked.size_bytes += term.raw_bytes;
  }
  const auto hash = xet::file_hash_of_root(tree.finish(), checked.terms.empty());
  if (hash != file.hash)
    return fail(Errc::unprocessable, "the chunks are those of file " + xet::xet_string(hash) +
                                         ", not " + xet::xet_string(file.hash));
  return checked;
}

Status check_xorb(XorbRows& xorbs, const xet::ShardXorb& xorb) {
  WAAG_TRY(const auto* row, xorbs.find(xorb.hash));
  if (row == nullptr) return unknown_xorb(xorb.hash);
  const bool same = std::ranges::equal(
      xorb.chunks, row->chunks, [](const xet::ShardChunk& said, const XorbChunk& held) {
        return said.hash == held.hash && said.raw_bytes == held.raw_bytes;
      });
  if (!same)
    return fail(Errc::unprocessable,
                "xorb " + xet::xet_string(xorb.hash) + " has other chunks than the shard lists");
  return ok();
}

}  // namespace waag::storage
