#include "storage/ingest.h"

#include <algorithm>

#include "protocol/xet/hashing_chunker.h"
#include "protocol/xet/xorb.h"
#include "storage/intake/blob_description.h"
#include "storage/intake/chunk_placer.h"
#include "storage/meta/keys.h"

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

/// The xorb being filled: its chunks, and where they lie. As large as a client makes one.
struct XorbBuilder {
  std::vector<xet::HashedLength> chunks;
  RunBuilder places;
  std::uint64_t bytes = 0;

  [[nodiscard]] bool has_room(std::uint64_t chunk_bytes) const {
    return chunks.size() < xet::xorb_chunks_max && bytes + chunk_bytes <= xet::xorb_raw_bytes_max;
  }
  void add(const ChunkHash& hash, std::uint32_t chunk_bytes, const Location& at) {
    chunks.push_back({hash, chunk_bytes});
    bytes += chunk_bytes;
    places.add(at);
  }
};

class IngestImpl final : public Ingest {
 public:
  IngestImpl(RowStore& rows, PackSet& packs)
      : rows_(rows),
        placer_(rows, packs),
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
    done_.file_hash = blob_.finish();

    WAAG_CHECK(close_xorb());
    done_.new_bytes = placer_.new_bytes();
    done_.stored_bytes = placer_.stored_bytes();
    WAAG_TRY(const auto known, rows_.get(keys::blob(done_.id)));
    if (known && !placer_.repaired()) return finish_known(std::move(extra));
    WAAG_TRY(auto transaction, placer_.collect());
    if (!known) blob_.put_rows(transaction, done_.id);
    append(transaction, std::move(extra));
    WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(transaction)));
    return done_;
  }

 private:
  Status noted(Status status) {
    if (!status) failed_ = status.error();
    return status;
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
      blob_.feed(piece);
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
    blob_.add_chunk(hash, raw.size());
    file_bytes_ += raw.size();
  }

  /// Finds or writes the chunks that ended, and puts them into xorbs.
  Status place_chunks() {
    WAAG_TRY(const auto places, placer_.place(chunks_, describe_));
    for (std::size_t i = 0; i < chunks_.size(); ++i) WAAG_CHECK(add_to_xorb(chunks_[i], places[i]));
    if (placer_.is_full()) WAAG_CHECK(placer_.publish());
    chunks_.clear();
    return ok();
  }

  RecordIn record(const ChunkIn& chunk) {
    RecordIn record;
    const auto element = blob_.tensors().at(chunk.begin, chunk.begin + chunk.raw.size());
    record.dtype = element.dtype;
    record.phase = element.phase;
    if (element.dtype == Dtype::none) record.codec = probe_.choose(chunk);
    return record;
  }

  Status add_to_xorb(const ChunkIn& chunk, const Location& at) {
    const auto bytes = static_cast<std::uint32_t>(chunk.raw.size());
    if (!xorb_.has_room(bytes)) {
      WAAG_CHECK(close_xorb());
      WAAG_CHECK(placer_.publish());
    }
    xorb_.add(chunk.hash, bytes, at);
    return ok();
  }

  /// Ends the open xorb: a term of the manifest, and a row unless the store has that xorb already.
  Status close_xorb() {
    if (xorb_.chunks.empty()) return ok();
    auto xorb = std::exchange(xorb_, {});
    const auto hash = xet::xorb_hash(xorb.chunks);
    blob_.add_term({hash, 0, static_cast<std::uint32_t>(xorb.chunks.size()), xorb.bytes});
    WAAG_CHECK(placer_.add_xorb(hash, xorb.chunks, std::move(xorb.places.runs)));
    return ok();
  }

  /// The store has the blob: only the caller's rows are new.
  Result<IngestedBlob> finish_known(Transaction extra) {
    if (is_empty(extra)) return done_;
    WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(extra)));
    return done_;
  }

  RowStore& rows_;
  ChunkPlacer placer_;
  std::optional<Error> failed_;

  std::unique_ptr<std::byte[]> gathered_;  // a block being made of small writes
  std::size_t gathered_bytes_ = 0;
  std::unique_ptr<std::byte[]> open_;  // the beginning of the chunk that has not ended
  std::size_t open_bytes_ = 0;
  std::vector<ChunkIn> chunks_;  // ended in this block
  std::vector<std::size_t> cuts_;
  std::uint64_t file_bytes_ = 0;  // of the chunks that ended

  xet::HashingChunker scanner_;
  BlobDescription blob_;
  CodecProbe probe_;
  const ChunkPlacer::Describe describe_ = [this](const ChunkIn& chunk) { return record(chunk); };
  XorbBuilder xorb_;
  IngestedBlob done_;
};

}  // namespace

std::unique_ptr<Ingest> begin_ingest(RowStore& rows, PackSet& packs) {
  return std::make_unique<IngestImpl>(rows, packs);
}

}  // namespace waag::storage
