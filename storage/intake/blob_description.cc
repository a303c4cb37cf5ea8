#include "storage/intake/blob_description.h"

#include "storage/meta/keys.h"

namespace waag::storage {

bool is_dedup_eligible(const ChunkHash& hash) {
  constexpr std::uint64_t one_of = 1024;
  return xet::hash_word(hash.view(), 3) % one_of == 0;
}

void BlobDescription::add_chunk(const ChunkHash& hash, std::uint64_t bytes) {
  if (manifest_.size_bytes == 0 || is_dedup_eligible(hash)) dedup_chunks_.insert(hash);
  tree_.add({hash, bytes});
  manifest_.size_bytes += bytes;
}

FileHash BlobDescription::finish() {
  const bool empty = manifest_.size_bytes == 0;
  manifest_.file_hash = xet::file_hash_of_root(tree_.finish(), empty);
  return manifest_.file_hash;
}

void BlobDescription::put_rows(Transaction& transaction, const BlobId& id) const {
  transaction.puts.push_back({keys::blob(id), encode(manifest_)});
  transaction.puts.push_back({keys::file(manifest_.file_hash), encode_file_row(id)});
  if (auto map = tensors_.row(manifest_.size_bytes))
    transaction.puts.push_back({keys::tensor_map(id), *std::move(map)});
  for (const auto& chunk : dedup_chunks_)
    transaction.puts.push_back({keys::dedup(chunk, id), std::string()});
}

}  // namespace waag::storage
