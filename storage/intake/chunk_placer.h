#pragma once

#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "protocol/xet/merkle.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/row_store.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

/// A chunk on its way in. The bytes must outlive the call that takes it.
struct ChunkIn {
  ChunkHash hash;
  std::uint64_t begin = 0;  // in its file or xorb
  ByteView raw;
};

/// Tells text chunk by chunk, as a look is cheap; whether LZ4 pays is probed once in a stretch.
class CodecProbe {
 public:
  Codec choose(const ChunkIn& chunk);

 private:
  Codec probed_{Codec::raw};
  std::uint64_t probe_again_at_ = 0;
};

/// Where the chunks of a xorb lie: consecutive records of one pack are one run.
struct RunBuilder {
  std::vector<RecordRun> runs;
  void add(const Location& at);
};

/// Stores chunks, each once, whatever road they come: known ones are referred to, the others become
/// groups of a pack. What was written becomes durable, and its rows visible, with collect() or
/// publish(). Blocks; not thread-safe.
class ChunkPlacer {
 public:
  ChunkPlacer(RowStore& rows, PackSet& packs) : rows_(rows), packs_(packs) {}

  /// How a new chunk is to be stored; asked only of chunks that the store does not have.
  using Describe = std::function<RecordIn(const ChunkIn&)>;
  /// @return where each lies, in order
  Result<std::vector<Location>> place(std::span<const ChunkIn> chunks, const Describe& describe);

  /// Queues the row of a xorb, unless the store has it and can read it. @return whether it is new
  Result<bool> add_xorb(const XorbHash& hash, std::span<const xet::HashedLength> chunks,
                        std::vector<RecordRun> runs);

  /// So many new chunks wait for their rows that publish() should be called: memory.
  [[nodiscard]] bool is_full() const;
  /// Makes what was written durable. @return a transaction with all rows that wait for it
  Result<Transaction> collect();
  /// The same, and applies it.
  Status publish();

  /// Something that the store had was damaged, and was stored again.
  [[nodiscard]] bool repaired() const { return repaired_; }
  [[nodiscard]] std::uint64_t new_bytes() const { return new_bytes_; }        // raw
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }  // at rest

 private:
  using Found = std::vector<std::optional<Location>>;
  Result<Found> look_up(std::span<const ChunkIn> chunks);
  Result<std::vector<Location>> write_new(std::span<const ChunkIn> chunks, const Found& found,
                                          const Describe& describe);
  Status append_group(std::vector<RecordIn>& group);
  [[nodiscard]] Result<bool> runs_are_good(std::string_view xorb) const;

  RowStore& rows_;
  PackSet& packs_;
  std::unique_ptr<PackWriter> writer_;
  std::unordered_map<ChunkHash, Location> recent_;  // written, not yet published
  std::vector<DirectoryEntry> unpublished_;         // the same, as rows to come
  std::vector<Row> rows_to_come_;  // of xorbs and damaged records, with the next transaction
  bool repaired_ = false;
  std::uint64_t new_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

/// Appends all of `from` to `to`.
void append(Transaction& to, Transaction&& from);
/// Whether it asks and changes nothing.
bool is_empty(const Transaction& transaction);

}  // namespace waag::storage
