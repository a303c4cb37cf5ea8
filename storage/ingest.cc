#include "storage/ingest.h"

#include <algorithm>
#include <unordered_map>

#include "protocol/xet/hashing_chunker.h"
#include "protocol/xet/merkle.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/damage.h"
#include "storage/meta/keys.h"
#include "storage/pack/codec.h"
#include "storage/tensor_tracker.h"

// One pass over the bytes, a block at a time: hashed, cut into chunks and named where they lie.
// Then the block's chunks are looked up together; the unknown ones become one group of a pack. Only
// the chunk that a block leaves open is copied, and small writes, which are gathered into blocks.
// Chunks collect into xorbs of the file's own; at each full one the pack is synced and the rows of
// what is durable are published, so that no journal record is large. The manifest comes last.
//
//   memory: a gathered block, if writes are small (1 MiB) + the open chunk (128 KiB) + the writer's
//           group buffer (1.1 MiB) + one xorb's lists (<= 0.8 MiB) + the tensor tracker's

namespace waag::storage {

namespace {

/// What becomes one group of a pack.
constexpr std::size_t block_bytes_max = 1u << 20;
/// A write of so much is a block by itself; less is gathered, or groups would be small.
constexpr std::size_t block_bytes_min = 512 * 1024;
/// Taken at a time: stays in the L2 cache between SHA-256, gear scan and BLAKE3.
constexpr std::size_t piece_bytes = 64 * 1024;
/// Source: XET 3.1, what a client cuts a xorb at.
constexpr std::uint64_t xorb_bytes_max = 64u << 20;
constexpr std::size_t xorb_chunks_max = 8192;
/// New chunks whose rows wait for the next transaction: bounds memory when chunks are small.
constexpr std::size_t unpublished_chunks_max = 2048;
/// One probe for compressible data holds for so much of the file. STORAGE C.3.
constexpr std::uint64_t probe_bytes = 4u << 20;

/// A chunk that ended in the block.
struct BlockChunk {
  ChunkHash hash;
  std::uint64_t begin = 0;  // in the file
  ByteView raw;             // in the block, or the open chunk's buffer
};

/// The xorb being filled: its chunks, and where they lie.
struct XorbBuilder {
  std::vector<xet::HashedLength> chunks;
  std::vector<RecordRun> runs;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool has_room(std::uint64_t chunk_bytes) const {
    return chunks.size() < xorb_chunks_max && bytes + chunk_bytes <= xorb_bytes_max;
  }
  void add(const ChunkHash& hash, std::uint32_t chunk_bytes, const Location& at) {
    chunks.push_back({hash, chunk_bytes});
    bytes += chunk_bytes;
    if (!runs.empty() && runs.back().pack == at.pack &&
        runs.back().first_record + runs.back().records == at.record)
      ++runs.back().records;
    else
      runs.push_back({at.pack, at.record, 1});
  }
};

class IngestImpl final : public Ingest {
 public:
  IngestImpl(RowStore& rows, PackSet& packs)
      : rows_(rows),
        packs_(packs),
        open_(std::make_unique_for_overwrite<std::byte[]>(xet::chunk_bytes_max)) {}

  Status write(ByteView bytes) override {
    while (!bytes.empty()) {
      if (failed_) return *failed_;
      if (gathered_bytes_ == 0 && bytes.size() >= block_bytes_min) {
        const auto block = bytes.first(std::min(bytes.size(), block_bytes_max));
        WAAG_CHECK(noted(take(block)));
        bytes = bytes.subspan(block.size());
      } else {
        bytes = bytes.subspan(gather(bytes));
        if (gathered_bytes_ == block_bytes_max) WAAG_CHECK(noted(take_gathered()));
      }
    }
    return failed_ ? Status(*failed_) : ok();
  }

  Result<IngestedBlob> finish(const IngestExpect& expect, Transaction extra) override {
    if (failed_) return *failed_;
    failed_ = fail(Errc::internal, "ingest was finished already");
    WAAG_CHECK(take_gathered());
    if (open_bytes_ > 0) end_chunk({open_.get(), open_bytes_});
    WAAG_CHECK(place_chunks());
    done_.size_bytes = file_bytes_;
    done_.id = scanner_.finish();
    if (expect.size_bytes && *expect.size_bytes != done_.size_bytes)
      return fail(Errc::unprocessable, "size differs from what was announced");
    if (expect.id && *expect.id != done_.id)
      return fail(Errc::unprocessable, "SHA-256 differs from what was announced");
    const bool empty = file_bytes_ == 0;
    done_.file_hash = xet::file_hash_of_root(tree_.finish(), empty);

    WAAG_CHECK(close_xorb());
    WAAG_TRY(const auto known, rows_.get(keys::blob(done_.id)));
    if (known && !repaired_) return finish_known(std::move(extra));
    WAAG_TRY(auto transaction, collect());
    if (!known) describe(transaction);
    append(transaction, std::move(extra));
    WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(transaction)));
    return done_;
  }

 private:
  Status noted(Status status) {
    if (!status) failed_ = status.error();
    return status;
  }

  /// The rows of a blob that is new.
  void describe(Transaction& transaction) {
    manifest_.size_bytes = done_.size_bytes;
    manifest_.file_hash = done_.file_hash;
    transaction.puts.push_back({keys::blob(done_.id), encode(manifest_)});
    transaction.puts.push_back({keys::file(done_.file_hash), encode_file_row(done_.id)});
    if (auto map = tensors_.row(done_.size_bytes))
      transaction.puts.push_back({keys::tensor_map(done_.id), *std::move(map)});
  }

  /// Copies to the gathered block what has room there. @return how much
  std::size_t gather(ByteView bytes) {
    if (!gathered_) gathered_ = std::make_unique_for_overwrite<std::byte[]>(block_bytes_max);
    const auto count = std::min(bytes.size(), block_bytes_max - gathered_bytes_);
    std::memcpy(gathered_.get() + gathered_bytes_, bytes.data(), count);
    gathered_bytes_ += count;
    return count;
  }

  Status take_gathered() { return take({gathered_.get(), std::exchange(gathered_bytes_, 0)}); }

  /// Hashes and cuts a block and stores the chunks that end in it. Keeps a copy of the open one.
  Status take(ByteView block) {
    std::size_t begin = 0;  // of the chunk that is open, in the block
    for (std::size_t at = 0; at < block.size();) {
      const auto piece = block.subspan(at, std::min(piece_bytes, block.size() - at));
      tensors_.feed(piece);
      cuts_.clear();
      scanner_.update(piece, cuts_);
      for (const auto cut : cuts_) {
        end_chunk(whole_chunk(block.subspan(begin, at + cut - begin)));
        begin = at + cut;
      }
      at += piece.size();
    }
    WAAG_CHECK(place_chunks());
    keep_open(block.subspan(begin));
    return ok();
  }

  void keep_open(ByteView bytes) {
    if (!bytes.empty()) std::memcpy(open_.get() + open_bytes_, bytes.data(), bytes.size());
    open_bytes_ += bytes.size();
  }

  /// The chunk that ends with `bytes`, with what earlier blocks left of it in front.
  ByteView whole_chunk(ByteView bytes) {
    if (open_bytes_ == 0) return bytes;
    keep_open(bytes);
    return {open_.get(), std::exchange(open_bytes_, 0)};
  }

  void end_chunk(ByteView raw) {
    const auto hash = xet::chunk_hash(raw);
    chunks_.push_back({hash, file_bytes_, raw});
    tree_.add({hash, raw.size()});
    file_bytes_ += raw.size();
  }

  /// Finds or writes the chunks that ended, and puts them into xorbs.
  Status place_chunks() {
    WAAG_TRY(const auto found, look_up());
    WAAG_TRY(const auto places, write_new(found));
    for (std::size_t i = 0; i < chunks_.size(); ++i) WAAG_CHECK(add_to_xorb(chunks_[i], places[i]));
    if (unpublished_.size() >= unpublished_chunks_max) WAAG_CHECK(publish());
    chunks_.clear();
    return ok();
  }

  using Found = std::vector<std::optional<Location>>;

  /// One answer per chunk: from this ingest's own unpublished ones, else from the index.
  Result<Found> look_up() {
    Found found(chunks_.size());
    std::vector<std::string> keys;
    std::vector<std::size_t> asked;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const auto own = recent_.find(chunks_[i].hash);
      if (own != recent_.end()) {
        found[i] = own->second;
        continue;
      }
      keys.push_back(keys::chunk(chunks_[i].hash));
      asked.push_back(i);
    }
    WAAG_TRY(const auto values, rows_.get_many(keys));
    for (std::size_t k = 0; k < asked.size(); ++k) {
      if (!values[k]) continue;
      WAAG_TRY(const auto at, decode_location(*values[k]));
      if (at.raw_bytes != chunks_[asked[k]].raw.size())
        return fail(Errc::corrupt, "chunk row of another length");
      if (packs_.damaged().contains(place_of(at))) {
        rows_to_come_.push_back(damaged_row(place_of(at)));
        repaired_ = true;
      } else {
        found[asked[k]] = at;
      }
    }
    return found;
  }

  /// Writes the chunks that were not found, each once. @return the places of all
  Result<std::vector<Location>> write_new(const Found& found) {
    std::vector<Location> places(chunks_.size());
    std::vector<RecordIn> group;
    std::uint64_t group_bytes = 0;
    std::unordered_map<ChunkHash, bool> grouped;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (found[i] || !grouped.emplace(chunks_[i].hash, true).second) continue;
      if (!group.empty() &&
          group_bytes + chunks_[i].raw.size() > packs_.options().group_bytes_max) {
        WAAG_CHECK(append_group(group));
        group_bytes = 0;
      }
      group.push_back(record(chunks_[i]));
      group_bytes += chunks_[i].raw.size();
    }
    if (!group.empty()) WAAG_CHECK(append_group(group));
    for (std::size_t i = 0; i < chunks_.size(); ++i)
      places[i] = found[i] ? *found[i] : recent_.at(chunks_[i].hash);
    return places;
  }

  Status append_group(std::vector<RecordIn>& group) {
    if (!writer_) {
      WAAG_TRY(writer_, packs_.writer(PackClass::chunks));
    }
    WAAG_TRY(const auto locations, writer_->append_group(group));
    for (std::size_t i = 0; i < group.size(); ++i) {
      const ChunkHash hash{group[i].hash};
      recent_.emplace(hash, locations[i]);
      unpublished_.push_back({group[i].hash, locations[i]});
      done_.new_bytes += locations[i].raw_bytes;
      done_.stored_bytes += locations[i].stored_bytes;
    }
    group.clear();
    return ok();
  }

  RecordIn record(const BlockChunk& chunk) {
    RecordIn record;
    record.hash = chunk.hash.bytes;
    record.raw = chunk.raw;
    const auto element = tensors_.at(chunk.begin, chunk.begin + chunk.raw.size());
    record.dtype = element.dtype;
    record.phase = element.phase;
    if (element.dtype == Dtype::none) record.codec = choose(record.raw, chunk.begin);
    return record;
  }

  /// Text is told chunk by chunk, as a look is cheap; whether LZ4 pays is probed once in
  /// probe_bytes.
  Codec choose(ByteView raw, std::uint64_t begin) {
    if (pack::looks_like_text(raw)) return Codec::zstd;
    if (begin >= probe_again_at_) {
      probed_ = pack::choose_codec(raw);
      probe_again_at_ = begin + probe_bytes;
    }
    return probed_;
  }

  Status add_to_xorb(const BlockChunk& chunk, const Location& at) {
    const auto bytes = static_cast<std::uint32_t>(chunk.raw.size());
    if (!xorb_.has_room(bytes)) {
      WAAG_CHECK(close_xorb());
      WAAG_CHECK(publish());
    }
    xorb_.add(chunk.hash, bytes, at);
    return ok();
  }

  /// Ends the open xorb: a term of the manifest, and a row unless the store has that xorb already.
  Status close_xorb() {
    if (xorb_.chunks.empty()) return ok();
    const auto xorb = std::exchange(xorb_, {});
    const auto hash = xet::xorb_hash(xorb.chunks);
    manifest_.terms.push_back(
        {hash, 0, static_cast<std::uint32_t>(xorb.chunks.size()), xorb.bytes});
    const auto key = keys::xorb(hash);
    WAAG_TRY(const auto known, rows_.get(key));
    WAAG_TRY(const bool usable, known ? runs_are_good(*known) : false);
    if (usable) return ok();
    repaired_ = repaired_ || known;
    XorbRow row;
    row.chunks.reserve(xorb.chunks.size());
    for (const auto& chunk : xorb.chunks)
      row.chunks.push_back({chunk.hash, static_cast<std::uint32_t>(chunk.bytes)});
    row.runs = xorb.runs;
    rows_to_come_.push_back({key, encode(row)});
    return ok();
  }

  Result<bool> runs_are_good(std::string_view xorb) const {
    if (packs_.damaged().empty()) return true;
    WAAG_TRY(const auto row, decode_xorb(xorb));
    return std::ranges::all_of(row.runs, [this](const RecordRun& run) {
      return packs_.damaged().within(run.pack, run.first_record, run.records).empty();
    });
  }

  /// Makes what was written durable; a transaction with all rows that wait for it.
  Result<Transaction> collect() {
    Transaction transaction;
    if (writer_) {
      WAAG_TRY(transaction.extents, writer_->sync());
    }
    transaction.puts = std::exchange(rows_to_come_, {});
    for (const auto& entry : unpublished_)
      transaction.derived.push_back({keys::chunk(ChunkHash{entry.hash}), encode(entry.at)});
    unpublished_.clear();
    recent_.clear();
    return transaction;
  }

  Status publish() {
    WAAG_TRY(auto transaction, collect());
    if (transaction.puts.empty() && transaction.extents.empty()) return ok();
    WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(transaction)));
    return ok();
  }

  static void append(Transaction& to, Transaction&& from) {
    const auto move_all = [](auto& into, auto& list) {
      into.insert(into.end(), std::make_move_iterator(list.begin()),
                  std::make_move_iterator(list.end()));
    };
    move_all(to.expects, from.expects);
    move_all(to.puts, from.puts);
    move_all(to.dels, from.dels);
    move_all(to.extents, from.extents);
    move_all(to.derived, from.derived);
  }

  /// The store has the blob: only the caller's rows are new.
  Result<IngestedBlob> finish_known(Transaction extra) {
    const bool nothing = extra.expects.empty() && extra.puts.empty() && extra.dels.empty() &&
                         extra.extents.empty() && extra.derived.empty();
    if (nothing) return done_;
    WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(extra)));
    return done_;
  }

  RowStore& rows_;
  PackSet& packs_;
  std::optional<Error> failed_;

  std::unique_ptr<std::byte[]> gathered_;  // a block being made of small writes
  std::size_t gathered_bytes_ = 0;
  std::unique_ptr<std::byte[]> open_;  // the beginning of the chunk that has not ended
  std::size_t open_bytes_ = 0;
  std::vector<BlockChunk> chunks_;  // ended in this block
  std::vector<std::size_t> cuts_;
  std::uint64_t file_bytes_ = 0;  // of the chunks that ended

  xet::HashingChunker scanner_;
  xet::MerkleBuilder tree_;
  TensorTracker tensors_;
  Codec probed_{Codec::raw};
  std::uint64_t probe_again_at_ = 0;

  std::unique_ptr<PackWriter> writer_;
  std::unordered_map<ChunkHash, Location> recent_;  // written, not yet published
  std::vector<DirectoryEntry> unpublished_;         // the same, as rows to come
  XorbBuilder xorb_;
  std::vector<Row> rows_to_come_;  // of xorbs and damaged records, with the next transaction
  bool repaired_ = false;          // something that the store had was damaged
  BlobManifest manifest_;
  IngestedBlob done_;
};

}  // namespace

std::unique_ptr<Ingest> begin_ingest(RowStore& rows, PackSet& packs) {
  return std::make_unique<IngestImpl>(rows, packs);
}

}  // namespace waag::storage
