#include "storage/xet/xet_files.h"

#include <algorithm>
#include <functional>

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"
#include "storage/xet/dedup_answer.h"
#include "storage/xet/xorb_reader.h"

namespace waag::storage {

Result<std::unique_ptr<XorbIngest>> XetFiles::ingest_xorb(const XorbHash& promised) {
  WAAG_CHECK(reserve_.check());
  return begin_xorb_ingest(rows_, packs_, promised);
}

Result<std::unique_ptr<ShardIngest>> XetFiles::ingest_shard(ShardOwner owner) {
  WAAG_CHECK(reserve_.check());
  return begin_shard_ingest(rows_, packs_, std::move(owner));
}

Result<std::optional<XetFile>> XetFiles::find(const FileHash& file) const {
  WAAG_TRY(const auto id, get_row(rows_, keys::file(file), decode_file_row));
  if (!id) return std::optional<XetFile>();
  WAAG_TRY(const auto manifest, get_row(rows_, keys::blob(*id), decode_manifest));
  if (!manifest) return fail(Errc::corrupt, "file hash names blob " + id->hex() + ", not here");
  return std::optional(XetFile{*id, manifest->size_bytes});
}

Result<std::vector<std::optional<FileHash>>> XetFiles::hashes_of(
    std::span<const BlobId> blobs) const {
  std::vector<std::string> wanted;
  wanted.reserve(blobs.size());
  for (const auto& id : blobs) wanted.push_back(keys::blob(id));
  WAAG_TRY(const auto values, rows_.get_many(wanted));
  std::vector<std::optional<FileHash>> hashes(blobs.size());
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (!values[i]) continue;
    WAAG_TRY(const auto manifest, decode_manifest(*values[i]));
    hashes[i] = manifest.file_hash;
  }
  return hashes;
}

Result<xet::Plan> XetFiles::plan(const BlobId& blob,
                                 const std::optional<http::ByteRange>& range) const {
  WAAG_TRY(const auto manifest, get_row(rows_, keys::blob(blob), decode_manifest));
  if (!manifest) return fail(Errc::not_found, "blob " + blob.hex() + " is not in the store");
  std::vector<xet::FileTerm> terms;
  terms.reserve(manifest->terms.size());
  for (const auto& term : manifest->terms)
    terms.push_back({term.xorb, term.first_chunk, term.chunks, term.bytes});
  const auto lengths = [this](const XorbHash& xorb) -> Result<std::vector<std::uint32_t>> {
    WAAG_TRY(const auto row, get_row(rows_, keys::xorb(xorb), decode_xorb));
    if (!row) return fail(Errc::corrupt, "blob names a xorb that is not there");
    std::vector<std::uint32_t> found;
    found.reserve(row->chunks.size());
    for (const auto& chunk : row->chunks) found.push_back(chunk.raw_bytes);
    return found;
  };
  return xet::plan_reconstruction(terms, manifest->size_bytes, range, lengths);
}

Result<std::unique_ptr<BlobReader>> XetFiles::open_xorb(const XorbHash& xorb) const {
  return storage::open_xorb(rows_, packs_, xorb);
}

Result<std::vector<BlobId>> XetFiles::files_with(const ChunkHash& chunk, std::size_t limit) const {
  std::vector<XetFile> found;
  const auto prefix = keys::dedup_of(chunk);
  WAAG_CHECK(rows_.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    if (found.size() == limit) return false;
    found.push_back({keys::last_hash<BlobId>(key), 0});
    return true;
  }));
  for (auto& file : found) {
    WAAG_TRY(const auto manifest, get_row(rows_, keys::blob(file.id), decode_manifest));
    if (manifest) file.size_bytes = manifest->size_bytes;
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &XetFile::size_bytes);
  std::vector<BlobId> ids;
  ids.reserve(found.size());
  for (const auto& file : found) ids.push_back(file.id);
  return ids;
}

Result<Bytes> XetFiles::dedup_shard(const BlobId& blob, const ChunkHash& chunk,
                                    const DedupKey& key) const {
  WAAG_TRY(const auto manifest, get_row(rows_, keys::blob(blob), decode_manifest));
  if (!manifest) return fail(Errc::not_found, "blob " + blob.hex() + " is not in the store");
  WAAG_TRY(const auto xorbs, xorbs_for_answer(rows_, *manifest, chunk));
  return xet::serialize_dedup_shard(xorbs, key.key, key.created_s, key.expires_s);
}

}  // namespace waag::storage
