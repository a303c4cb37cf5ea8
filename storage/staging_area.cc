#include "storage/staging_area.h"

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"

namespace waag::storage {

Result<std::unique_ptr<StagedFile>> StagingArea::file() {
  WAAG_CHECK(reserve_.check());
  return std::make_unique<StagedFile>(*this);
}

std::unique_ptr<Ingest> StagingArea::ingest() const {
  return guard_ingest(reserve_, begin_ingest(rows_, packs_));
}

Result<std::unique_ptr<BlobReader>> StagingArea::open(const BlobId& blob) const {
  return open_blob(rows_, packs_, blob);
}

const BlobId* StagingArea::chunked(const GitId& id) const {
  const auto at = chunked_.find(id);
  return at == chunked_.end() ? nullptr : &at->second;
}

Status StagingArea::settle(Transaction& transaction) {
  for (const auto& [id, blob] : chunked_)
    transaction.puts.push_back({keys::large_git_blob(id), encode_large_git_blob(blob)});
  return objects_.settle(transaction);
}

void StagingArea::settled() {
  chunked_.clear();
  objects_.settled();
}

}  // namespace waag::storage
