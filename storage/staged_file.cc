#include "storage/staged_file.h"

#include <algorithm>

#include "protocol/git/object.h"
#include "storage/git/objects.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// One read of the second pass over a large file: what a git id needs its length for.
constexpr std::size_t read_bytes = 1u << 20;

class StagedFileImpl final : public StagedFile {
 public:
  StagedFileImpl(RowStore& rows, PackSet& packs, const Reserve& reserve)
      : rows_(rows), packs_(packs), reserve_(reserve) {}

  Status write(ByteView bytes) override {
    if (!ingest_ && held_.size() + bytes.size() <= staged_bytes_max) {
      held_.append(as_text(bytes));
      return ok();
    }
    if (!ingest_) {
      ingest_ = guard_ingest(reserve_, begin_ingest(rows_, packs_));
      WAAG_CHECK(ingest_->write(as_bytes(held_)));
      held_ = std::string();
    }
    return ingest_->write(bytes);
  }

  Result<Done> finish() override { return ingest_ ? finish_large() : finish_small(); }

 private:
  Result<Done> finish_small() {
    Done done;
    done.size_bytes = held_.size();
    ObjectBatch batch;
    done.git_id = batch.add(git::ObjectKind::blob, std::move(held_));
    Transaction transaction;
    WAAG_CHECK(batch.write(rows_, packs_, transaction));
    if (!transaction.extents.empty()) WAAG_CHECK(rows_.apply(std::move(transaction)));
    return done;
  }

  Result<Done> finish_large() {
    WAAG_TRY(const auto ingested, ingest_->finish({}));
    Done done;
    done.size_bytes = ingested.size_bytes;
    done.blob = ingested.id;
    WAAG_TRY(done.git_id, git_id_of(ingested.id));
    const auto key = keys::large_git_blob(done.git_id);
    auto value = encode_large_git_blob(ingested.id);
    WAAG_TRY(const auto known, rows_.get(key));
    if (known != value) {
      Transaction transaction;
      transaction.puts.push_back({key, std::move(value)});
      WAAG_CHECK(rows_.apply(std::move(transaction)));
    }
    return done;
  }

  Result<GitId> git_id_of(const BlobId& id) {
    WAAG_TRY(const auto reader, storage::open_blob(rows_, packs_, id));
    Sha1 hash = git::git_blob_hasher(reader->size_bytes());
    Bytes buffer(std::min<std::uint64_t>(read_bytes, reader->size_bytes()));
    for (std::uint64_t at = 0; at < reader->size_bytes();) {
      WAAG_TRY(const auto got, reader->read(at, buffer));
      if (got == 0) return fail(Errc::corrupt, "blob " + id.hex() + " ends early");
      hash.update(std::span(buffer).first(got));
      at += got;
    }
    return hash.finish();
  }

  RowStore& rows_;
  PackSet& packs_;
  const Reserve& reserve_;
  std::string held_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace

std::unique_ptr<StagedFile> begin_staged_file(RowStore& rows, PackSet& packs,
                                              const Reserve& reserve) {
  return std::make_unique<StagedFileImpl>(rows, packs, reserve);
}

}  // namespace waag::storage
