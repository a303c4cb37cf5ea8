#include "storage/blob_reader.h"

#include <algorithm>

#include "protocol/xet/merkle.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/damage.h"
#include "storage/meta/keys.h"

namespace waag::storage {

namespace {

/// A run for sendfile is checked before it is sent, so a long one keeps the client waiting.
constexpr std::uint64_t raw_run_bytes_max = 8u << 20;

/// Keeps one term's chunks at hand: where each begins in the blob, and, looked up as far as reads
/// need them, where its record lies.
class TermView {
 public:
  TermView(RowStore& rows, PackSet& packs) : rows_(rows), packs_(packs) {}

  Status load(const Term& term, std::uint64_t begin) {
    loaded_ = false;
    WAAG_TRY(const auto value, rows_.get(keys::xorb(term.xorb)));
    if (!value) return fail(Errc::corrupt, "blob names a xorb that is not there");
    WAAG_TRY(row_, decode_xorb(*value));
    xorb_ = term.xorb;
    row_proven_ = false;
    const auto last = std::uint64_t{term.first_chunk} + term.chunks;
    if (last > row_.chunks.size()) return fail(Errc::corrupt, "blob names chunks past its xorb");
    first_ = term.first_chunk;
    begins_.clear();
    begins_.push_back(begin);
    for (std::size_t i = first_; i < last; ++i)
      begins_.push_back(begins_.back() + row_.chunks[i].raw_bytes);
    if (begins_.back() != begin + term.bytes)
      return fail(Errc::corrupt, "xorb's chunks differ from the blob's term");
    run_ = 0;
    run_first_ = 0;
    loaded_ = true;
    return ok();
  }

  [[nodiscard]] bool holds(std::uint64_t offset) const {
    return loaded_ && offset >= begins_.front() && offset < begins_.back();
  }
  /// Number of the chunk, within the term, that holds `offset`.
  [[nodiscard]] std::size_t chunk_at(std::uint64_t offset) const {
    const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
    return static_cast<std::size_t>(after - begins_.begin()) - 1;
  }
  [[nodiscard]] std::uint64_t begin_of(std::size_t chunk) const { return begins_[chunk]; }
  [[nodiscard]] std::uint64_t bytes_of(std::size_t chunk) const {
    return begins_[chunk + 1] - begins_[chunk];
  }
  [[nodiscard]] std::size_t chunks() const { return begins_.size() - 1; }

  /// Where a record of the chunk lies, good as far as is known: the one that the xorb's run names,
  /// or the one that the chunk's look-up row leads to. Errc::corrupt if the run's is damaged or
  /// lost and there is no other.
  Result<Location> locate(std::size_t chunk) {
    auto at = named_by_run(chunk);
    if (at && !packs_.damaged().contains(place_of(*at))) return at;
    if (!at && at.error().code != Errc::corrupt) return at;
    WAAG_CHECK(prove_row());
    const auto& want = row_.chunks[first_ + chunk];
    WAAG_TRY(const auto other, good_place(rows_, packs_, want.hash, want.raw_bytes));
    return other ? Result<Location>(*other) : at;
  }

 private:
  /// The record's hash and length are those that the xorb names.
  Result<Location> named_by_run(std::size_t chunk) {
    const auto index = first_ + chunk;
    if (index < run_first_) run_ = run_first_ = 0;
    while (index - run_first_ >= row_.runs[run_].records) run_first_ += row_.runs[run_++].records;
    const auto& run = row_.runs[run_];
    if (!directory_ || directory_->pack != run.pack ||
        directory_->entries.size() < std::uint64_t{run.first_record} + run.records) {
      WAAG_TRY(directory_, packs_.directory(run.pack));
    }
    const auto record = static_cast<std::uint32_t>(run.first_record + (index - run_first_));
    const bool lost = record >= directory_->entries.size() ||
                      directory_->entries[record].at.kind == RecordKind{0};
    if (lost) {
      note_damage(rows_, packs_, {run.pack, record});
      return fail(Errc::corrupt, "xorb names a record that its pack lacks");
    }
    const auto& entry = directory_->entries[record];
    const auto& want = row_.chunks[index];
    if (entry.hash != want.hash.bytes || entry.at.raw_bytes != want.raw_bytes)
      return fail(Errc::corrupt, "xorb names a record that holds another chunk");
    return entry.at;
  }

  /// Without its run nothing else says that the row names the right chunks.
  Status prove_row() {
    if (row_proven_) return ok();
    std::vector<xet::HashedLength> chunks;
    chunks.reserve(row_.chunks.size());
    for (const auto& chunk : row_.chunks) chunks.push_back({chunk.hash, chunk.raw_bytes});
    if (xet::xorb_hash(chunks) != xorb_) return fail(Errc::corrupt, "xorb row names other chunks");
    row_proven_ = true;
    return ok();
  }

  RowStore& rows_;
  PackSet& packs_;
  bool loaded_ = false;
  XorbRow row_;
  XorbHash xorb_;
  bool row_proven_ = false;
  std::size_t first_ = 0;              // chunk of the xorb that the term starts with
  std::vector<std::uint64_t> begins_;  // one more than chunks: the last is the term's end
  std::size_t run_ = 0;                // the run that was looked at last, and its first chunk
  std::size_t run_first_ = 0;
  std::shared_ptr<const PackDirectory> directory_;
};

class ChunkedReader final : public BlobReader {
 public:
  ChunkedReader(RowStore& rows, PackSet& packs, std::uint64_t size_bytes, std::vector<Term> terms)
      : rows_(rows),
        packs_(packs),
        size_bytes_(size_bytes),
        terms_(std::move(terms)),
        term_(rows, packs) {
    std::uint64_t begin = 0;
    begins_.reserve(terms_.size());
    for (const auto& term : terms_) {
      begins_.push_back(begin);
      begin += term.bytes;
    }
  }

  std::uint64_t size_bytes() const override { return size_bytes_; }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size() && offset + done < size_bytes()) {
      const auto at = offset + done;
      WAAG_CHECK(seek(at));
      const auto chunk = term_.chunk_at(at);
      const auto chunk_bytes = static_cast<std::size_t>(term_.bytes_of(chunk));
      const auto skip = static_cast<std::size_t>(at - term_.begin_of(chunk));
      const auto rest = out.subspan(done);
      if (skip == 0 && rest.size() >= chunk_bytes) {
        WAAG_CHECK(read_chunk(chunk, rest.first(chunk_bytes)));
        done += chunk_bytes;
        continue;
      }
      WAAG_CHECK(hold(chunk));
      const auto part = std::min<std::size_t>(rest.size(), held_.size() - skip);
      std::memcpy(rest.data(), held_.data() + skip, part);
      done += part;
    }
    return done;
  }

  Result<std::optional<RawRun>> raw_run(std::uint64_t offset, std::uint64_t bytes_max) override {
    if (offset >= size_bytes() || bytes_max == 0) return std::optional<RawRun>();
    bytes_max = std::min({bytes_max, raw_run_bytes_max, size_bytes() - offset});
    WAAG_CHECK(seek(offset));
    auto run = checked_run(offset, bytes_max);
    if (run || run.error().code != Errc::corrupt) return run;
    WAAG_CHECK(note_damage_in_run(offset, bytes_max));
    return checked_run(offset, bytes_max);  // up to the damage, or around it
  }

 private:
  Result<std::optional<RawRun>> checked_run(std::uint64_t offset, std::uint64_t bytes_max) {
    const auto first = term_.chunk_at(offset);
    const auto skip = offset - term_.begin_of(first);
    WAAG_TRY(const auto run, raw_records(first, skip + bytes_max));
    if (run.empty()) return std::optional<RawRun>();
    WAAG_TRY(auto found, packs_.raw_run(run));
    if (found) {
      found->file_offset += skip;
      found->bytes = std::min(found->bytes - skip, bytes_max);
    }
    return found;
  }

  /// The raw records from `chunk` on that touch each other, up to bytes_max or a damaged one.
  Result<std::vector<Location>> raw_records(std::size_t chunk, std::uint64_t bytes_max) {
    std::vector<Location> run;
    for (std::uint64_t have = 0; chunk < term_.chunks() && have < bytes_max; ++chunk) {
      WAAG_TRY(const auto at, term_.locate(chunk));
      const bool follows =
          run.empty() ||
          (at.pack == run.back().pack && at.offset == run.back().offset + run.back().stored_bytes &&
           !packs_.damaged().contains(place_of(at)));
      if (at.codec != Codec::raw || !follows) break;
      run.push_back(at);
      have += at.raw_bytes;
    }
    return run;
  }

  /// One record of the run failed its check: finds which.
  Status note_damage_in_run(std::uint64_t offset, std::uint64_t bytes_max) {
    const auto first = term_.chunk_at(offset);
    WAAG_TRY(const auto run, raw_records(first, offset - term_.begin_of(first) + bytes_max));
    std::vector<RecordPlace> damaged;
    Bytes raw;
    for (const auto& at : run) {
      raw.resize(at.raw_bytes);
      const auto read = packs_.read_into(at, raw);
      if (!read && read.error().code == Errc::corrupt) damaged.push_back(place_of(at));
    }
    note_damage(rows_, packs_, damaged);
    return ok();
  }

  /// A record that fails its check is remembered; another one of the same chunk is as good.
  Status read_chunk(std::size_t chunk, std::span<std::byte> out) {
    WAAG_TRY(const auto at, term_.locate(chunk));
    auto read = packs_.read_into(at, out);
    if (read || read.error().code != Errc::corrupt) return read;
    note_damage(rows_, packs_, place_of(at));
    WAAG_TRY(const auto other, term_.locate(chunk));
    return other == at ? read : packs_.read_into(other, out);
  }

  /// Loads the term that holds `offset`, unless it is the one at hand.
  Status seek(std::uint64_t offset) {
    if (term_.holds(offset)) return ok();
    const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
    const auto index = static_cast<std::size_t>(after - begins_.begin()) - 1;
    return term_.load(terms_[index], begins_[index]);
  }

  /// Decodes a chunk that is read in parts, once for all of them.
  Status hold(std::size_t chunk) {
    const auto begin = term_.begin_of(chunk);
    if (held_begin_ == begin) return ok();
    held_begin_.reset();
    held_.resize(static_cast<std::size_t>(term_.bytes_of(chunk)));
    WAAG_CHECK(read_chunk(chunk, held_));
    held_begin_ = begin;
    return ok();
  }

  RowStore& rows_;
  PackSet& packs_;
  std::uint64_t size_bytes_;
  std::vector<Term> terms_;
  std::vector<std::uint64_t> begins_;  // of the terms
  TermView term_;
  std::optional<std::uint64_t> held_begin_;  // in the blob, of the chunk that is held
  Bytes held_;
};

/// A blob that is one record.
class RecordReader final : public BlobReader {
 public:
  RecordReader(RowStore& rows, PackSet& packs, const Location& at)
      : rows_(rows), packs_(packs), at_(at) {}

  std::uint64_t size_bytes() const override { return at_.raw_bytes; }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= at_.raw_bytes) return std::size_t{0};
    if (!held_) {
      WAAG_TRY(held_, noted(packs_.read(at_)));
    }
    const auto part = std::min<std::size_t>(out.size(), at_.raw_bytes - offset);
    if (part > 0) std::memcpy(out.data(), held_->data() + offset, part);
    return part;
  }

  Result<std::optional<RawRun>> raw_run(std::uint64_t offset, std::uint64_t bytes_max) override {
    if (offset >= at_.raw_bytes || bytes_max == 0) return std::optional<RawRun>();
    WAAG_TRY(auto found, noted(packs_.raw_run({&at_, 1})));
    if (found) {
      found->file_offset += offset;
      found->bytes = std::min(found->bytes - offset, bytes_max);
    }
    return found;
  }

 private:
  template <class T>
  Result<T> noted(Result<T> result) {
    if (!result && result.error().code == Errc::corrupt) note_damage(rows_, packs_, place_of(at_));
    return result;
  }

  RowStore& rows_;
  PackSet& packs_;
  Location at_;
  std::optional<Bytes> held_;
};

}  // namespace

std::unique_ptr<BlobReader> open_terms(RowStore& rows, PackSet& packs, std::uint64_t size_bytes,
                                       std::vector<Term> terms) {
  return std::make_unique<ChunkedReader>(rows, packs, size_bytes, std::move(terms));
}

Result<std::unique_ptr<BlobReader>> open_blob(RowStore& rows, PackSet& packs, const BlobId& id) {
  WAAG_TRY(const auto value, rows.get(keys::blob(id)));
  if (!value) return fail(Errc::not_found, "blob " + id.hex() + " is not in the store");
  WAAG_TRY(auto manifest, decode_manifest(*value));
  return open_terms(rows, packs, manifest.size_bytes, std::move(manifest.terms));
}

Result<std::unique_ptr<BlobReader>> open_git_blob(RowStore& rows, PackSet& packs, const GitId& id) {
  WAAG_TRY(const auto value, rows.get(keys::git_object(id)));
  if (value) {
    WAAG_TRY(const auto at, decode_location(*value));
    if (at.kind != RecordKind::git_blob)
      return fail(Errc::not_found, "git object " + id.hex() + " is no blob");
    return std::unique_ptr<BlobReader>(std::make_unique<RecordReader>(rows, packs, at));
  }
  WAAG_TRY(const auto large, rows.get(keys::large_git_blob(id)));
  if (!large) return fail(Errc::not_found, "git blob " + id.hex() + " is not in the store");
  WAAG_TRY(const auto blob, decode_large_git_blob(*large));
  return open_blob(rows, packs, blob);
}

}  // namespace waag::storage
