#include "storage/xet/shard_ingest.h"

#include <algorithm>
#include <utility>

#include "protocol/hash.h"
#include "storage/blob_reader.h"
#include "storage/intake/blob_description.h"
#include "storage/intake/chunk_placer.h"
#include "storage/meta/keys.h"
#include "storage/meta/tables/links.h"
#include "storage/xet/file_check.h"

// A shard's files are held as lists of terms until all of them are known to be right; then they are
// published in transactions of some thousand rows. A crash between two of these leaves files that
// are right and that nothing names: no harm, and the client's next try finds them verified.

namespace waag::storage {
namespace {

constexpr std::size_t read_bytes = 1u << 20;
/// Rows of one transaction: far below a journal frame's bound, whatever they hold.
constexpr std::size_t rows_max = 4096;
constexpr std::size_t row_bytes_max = 8u << 20;
/// Somebody else may publish the same file at the same time; each time is one file less to do.
constexpr int attempts_max = 100;

/// A file of the shard. `id` is the claim until it is verified.
struct PendingFile {
  std::optional<BlobId> id;
  CheckedFile file;       // no terms once it is verified
  bool is_known = false;  // the store has this file under this id
  std::vector<Row> rows;  // of one that was verified
};

struct Verified {
  BlobId id;
  std::vector<Row> rows;  // to be published
};

/// Reads a file's bytes once, in steps: its SHA-256, and what the store will say of it.
class Verification {
 public:
  Verification(RowStore& rows, PackSet& packs, const PendingFile& pending)
      : pending_(pending),
        reader_(open_terms(rows, packs, pending.file.size_bytes, pending.file.terms)),
        buffer_(std::min<std::uint64_t>(read_bytes, pending.file.size_bytes)) {}

  [[nodiscard]] bool at_end() const { return at_ == reader_->size_bytes(); }
  /// @return how many bytes were read
  Result<std::uint64_t> step() {
    WAAG_TRY(const auto got, reader_->read(at_, buffer_));
    if (got == 0) return fail(Errc::corrupt, "file ends early");
    const auto bytes = std::span(buffer_).first(got);
    hash_.update(bytes);
    blob_.feed(bytes);
    at_ += got;
    return got;
  }
  /// After the end. Errc::unprocessable if the claim is wrong.
  Result<Verified> finish(XorbRows& xorbs) {
    const auto id = hash_.finish();
    if (pending_.id && *pending_.id != id)
      return fail(Errc::unprocessable,
                  "SHA-256 of the bytes is " + id.hex() + ", not " + pending_.id->hex());
    for (const auto& term : pending_.file.terms) {
      WAAG_TRY(const auto* row, xorbs.find(term.xorb));
      if (row == nullptr) return fail(Errc::corrupt, "a xorb that was here has gone");
      for (const auto& chunk : std::span(row->chunks).subspan(term.first_chunk, term.chunks))
        blob_.add_chunk(chunk.hash, chunk.raw_bytes);
      blob_.add_term(term);
    }
    blob_.finish();
    Transaction rows;
    blob_.put_rows(rows, id);
    return Verified{id, std::move(rows.puts)};
  }

 private:
  const PendingFile& pending_;
  std::unique_ptr<BlobReader> reader_;
  Bytes buffer_;
  Sha256 hash_;
  BlobDescription blob_;
  std::uint64_t at_ = 0;
};

class ShardIngestImpl final : public ShardIngest {
 public:
  ShardIngestImpl(RowStore& rows, PackSet& packs, ShardOwner owner)
      : rows_(rows), packs_(packs), owner_(std::move(owner)), xorbs_(rows) {}

  Status write(ByteView bytes) override {
    if (failed_) return *failed_;
    return noted(parser_.feed(bytes, sink_));
  }

  Result<ShardProgress> end() override {
    if (failed_) return *failed_;
    WAAG_CHECK(noted(parser_.finish()));
    return verify(0);  // past files that are known or empty
  }

  Result<ShardProgress> verify(std::uint64_t bytes_max) override {
    if (failed_) return *failed_;
    const auto until = progress_.verified_bytes + bytes_max;
    for (; next_ < files_.size(); ++next_) {
      if (files_[next_].is_known) continue;
      const auto whole = verify_some(until);
      if (!whole) return *(failed_ = whole.error());
      if (!*whole) break;
    }
    return progress_;
  }

  Result<IngestedShard> publish() override {
    if (failed_) return *failed_;
    if (next_ < files_.size()) return fail(Errc::internal, "shard is not verified");
    failed_ = fail(Errc::internal, "shard was published already");
    for (std::size_t first = 0; first < files_.size();) WAAG_CHECK(publish_some(first));
    return done_;
  }

 private:
  Status noted(Status status) {
    if (!status) failed_ = status.error();
    return status;
  }

  Status take_file(xet::ShardFile&& said) {
    PendingFile pending;
    WAAG_TRY(pending.file, check_file(xorbs_, said));
    pending.id = said.sha256;
    WAAG_TRY(const auto known, get_row(rows_, keys::file(said.hash), decode_file_row));
    if (known) {
      if (pending.id && *pending.id != *known)
        return fail(Errc::unprocessable, "file " + xet::xet_string(said.hash) + " has SHA-256 " +
                                             known->hex() + ", not " + pending.id->hex());
      pending.id = *known;
      pending.is_known = true;
      pending.file.terms.clear();
      pending.file.terms.shrink_to_fit();
    } else {
      progress_.total_bytes += pending.file.size_bytes;
    }
    done_.bytes += pending.file.size_bytes;
    ++done_.files;
    files_.push_back(std::move(pending));
    return ok();
  }

  /// @return whether the file at next_ is verified
  Result<bool> verify_some(std::uint64_t until) {
    auto& pending = files_[next_];
    if (!verification_) verification_.emplace(rows_, packs_, pending);
    while (!verification_->at_end() && progress_.verified_bytes < until) {
      WAAG_TRY(const auto bytes, verification_->step());
      progress_.verified_bytes += bytes;
    }
    if (!verification_->at_end()) return false;
    WAAG_TRY(auto verified, verification_->finish(xorbs_));
    verification_.reset();
    pending.id = verified.id;
    pending.rows = std::move(verified.rows);
    pending.file.terms = {};
    return true;
  }

  /// Publishes the files from `first` on, as many as one transaction takes, and moves `first`.
  Status publish_some(std::size_t& first) {
    for (int attempt = 0;; ++attempt) {
      WAAG_TRY(auto batch, collect(first));
      const auto applied = rows_.apply(std::move(batch.transaction));
      if (!applied && applied.error().code == Errc::conflict && attempt < attempts_max) continue;
      if (!applied) return applied.error();
      done_.new_files += batch.new_files;
      first = batch.end;
      return ok();
    }
  }

  struct Batch {
    Transaction transaction;
    std::size_t end = 0;  // past its last file
    std::uint64_t new_files = 0;
  };
  Result<Batch> collect(std::size_t first) const {
    Batch batch;
    std::unordered_set<BlobId> taken;
    std::size_t row_bytes = 0;
    for (batch.end = first; batch.end < files_.size(); ++batch.end) {
      if (batch.transaction.puts.size() >= rows_max || row_bytes >= row_bytes_max) break;
      const auto& file = files_[batch.end];
      if (!file.rows.empty() && taken.insert(*file.id).second) {
        WAAG_TRY(const auto known, rows_.get(keys::blob(*file.id)));
        if (!known) {
          batch.transaction.expects.push_back({keys::blob(*file.id), std::nullopt});
          batch.transaction.puts.insert(batch.transaction.puts.end(), file.rows.begin(),
                                        file.rows.end());
          for (const auto& row : file.rows) row_bytes += row.key.size() + row.value.size();
          ++batch.new_files;
        }
      }
      append(batch.transaction, LinkTable::possession(owner_.user, owner_.repo_uid, *file.id));
    }
    return batch;
  }

  RowStore& rows_;
  PackSet& packs_;
  ShardOwner owner_;
  std::optional<Error> failed_;
  xet::ShardParser parser_;
  XorbRows xorbs_;
  std::vector<PendingFile> files_;
  std::size_t next_ = 0;  // to be verified
  std::optional<Verification> verification_;
  ShardProgress progress_;
  IngestedShard done_;
  const xet::ShardSink sink_{
      [this](xet::ShardFile&& file) { return take_file(std::move(file)); },
      [this](xet::ShardXorb&& xorb) { return check_xorb(xorbs_, xorb); },
  };
};

}  // namespace

std::unique_ptr<ShardIngest> begin_shard_ingest(RowStore& rows, PackSet& packs, ShardOwner owner) {
  return std::make_unique<ShardIngestImpl>(rows, packs, std::move(owner));
}

}  // namespace waag::storage
