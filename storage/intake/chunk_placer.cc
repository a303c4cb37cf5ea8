#include "storage/intake/chunk_placer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/meta/damage.h"
#include "storage/meta/keys.h"
#include "storage/pack/codec.h"

namespace waag::storage {
namespace {

/// New chunks whose rows wait for the next transaction: bounds memory when chunks are small.
constexpr std::size_t unpublished_chunks_max = 2048;
/// One probe for compressible data holds for so much of the file. STORAGE C.3.
constexpr std::uint64_t probe_bytes = 4u << 20;

}  // namespace

Codec CodecProbe::choose(const ChunkIn& chunk) {
  if (pack::looks_like_text(chunk.raw)) return Codec::zstd;
  if (chunk.begin >= probe_again_at_) {
    probed_ = pack::choose_codec(chunk.raw);
    probe_again_at_ = chunk.begin + probe_bytes;
  }
  return probed_;
}

void RunBuilder::add(const Location& at) {
  if (!runs.empty() && runs.back().pack == at.pack &&
      runs.back().first_record + runs.back().records == at.record)
    ++runs.back().records;
  else
    runs.push_back({at.pack, at.record, 1});
}

Result<std::vector<Location>> ChunkPlacer::place(std::span<const ChunkIn> chunks,
                                                 const Describe& describe) {
  WAAG_TRY(const auto found, look_up(chunks));
  return write_new(chunks, found, describe);
}

/// One answer per chunk: from what was just written, else from the index.
Result<ChunkPlacer::Found> ChunkPlacer::look_up(std::span<const ChunkIn> chunks) {
  Found found(chunks.size());
  std::vector<std::string> keys;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto own = recent_.find(chunks[i].hash);
    if (own != recent_.end()) {
      found[i] = own->second;
      continue;
    }
    keys.push_back(keys::chunk(chunks[i].hash));
    asked.push_back(i);
  }
  WAAG_TRY(const auto values, rows_.get_many(keys));
  for (std::size_t k = 0; k < asked.size(); ++k) {
    if (!values[k]) continue;
    WAAG_TRY(const auto at, decode_location(*values[k]));
    if (at.raw_bytes != chunks[asked[k]].raw.size())
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
Result<std::vector<Location>> ChunkPlacer::write_new(std::span<const ChunkIn> chunks,
                                                     const Found& found, const Describe& describe) {
  std::vector<Location> places(chunks.size());
  std::vector<RecordIn> group;
  std::uint64_t group_bytes = 0;
  std::unordered_map<ChunkHash, bool> grouped;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (found[i] || !grouped.emplace(chunks[i].hash, true).second) continue;
    if (!group.empty() && group_bytes + chunks[i].raw.size() > packs_.options().group_bytes_max) {
      WAAG_CHECK(append_group(group));
      group_bytes = 0;
    }
    group.push_back(describe(chunks[i]));
    group.back().hash = chunks[i].hash.bytes;
    group.back().raw = chunks[i].raw;
    group_bytes += chunks[i].raw.size();
  }
  if (!group.empty()) WAAG_CHECK(append_group(group));
  for (std::size_t i = 0; i < chunks.size(); ++i)
    places[i] = found[i] ? *found[i] : recent_.at(chunks[i].hash);
  return places;
}

Status ChunkPlacer::append_group(std::vector<RecordIn>& group) {
  if (!writer_) {
    WAAG_TRY(writer_, packs_.writer(PackClass::chunks));
  }
  WAAG_TRY(const auto locations, writer_->append_group(group));
  for (std::size_t i = 0; i < group.size(); ++i) {
    const ChunkHash hash{group[i].hash};
    recent_.emplace(hash, locations[i]);
    unpublished_.push_back({group[i].hash, locations[i]});
    new_bytes_ += locations[i].raw_bytes;
    stored_bytes_ += locations[i].stored_bytes;
  }
  group.clear();
  return ok();
}

Result<bool> ChunkPlacer::add_xorb(const XorbHash& hash, std::span<const xet::HashedLength> chunks,
                                   std::vector<RecordRun> runs) {
  auto key = keys::xorb(hash);
  WAAG_TRY(const auto known, rows_.get(key));
  WAAG_TRY(const bool usable, known ? runs_are_good(*known) : false);
  if (usable) return false;
  repaired_ = repaired_ || known;
  XorbRow row;
  row.chunks.reserve(chunks.size());
  for (const auto& chunk : chunks)
    row.chunks.push_back({chunk.hash, static_cast<std::uint32_t>(chunk.bytes)});
  row.runs = std::move(runs);
  rows_to_come_.push_back({std::move(key), encode(row)});
  return true;
}

Result<bool> ChunkPlacer::runs_are_good(std::string_view xorb) const {
  if (packs_.damaged().empty()) return true;
  WAAG_TRY(const auto row, decode_xorb(xorb));
  return std::ranges::all_of(row.runs, [this](const RecordRun& run) {
    return packs_.damaged().within(run.pack, run.first_record, run.records).empty();
  });
}

bool ChunkPlacer::is_full() const { return unpublished_.size() >= unpublished_chunks_max; }

Result<Transaction> ChunkPlacer::collect() {
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

Status ChunkPlacer::publish() {
  WAAG_TRY(auto transaction, collect());
  if (transaction.puts.empty() && transaction.extents.empty()) return ok();
  WAAG_TRY([[maybe_unused]] const auto sequence, rows_.apply(std::move(transaction)));
  return ok();
}

void append(Transaction& to, Transaction&& from) {
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

bool is_empty(const Transaction& transaction) {
  return transaction.expects.empty() && transaction.puts.empty() && transaction.dels.empty() &&
         transaction.extents.empty() && transaction.derived.empty();
}

}  // namespace waag::storage
