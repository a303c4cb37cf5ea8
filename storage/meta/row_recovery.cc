#include "storage/meta/row_recovery.h"

#include <system_error>

#include "storage/journal/checkpoint.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

constexpr std::size_t batch_bytes_max = 1u << 20;

/// Brings the index to the journal's end in batches. A batch ends only between two transactions and
/// carries the sequence that it reaches, so that a crash leaves an index that is merely behind.
class Replayer {
 public:
  Replayer(FileSystem& fs, PackSet& packs, RocksIndex& index, std::filesystem::path folder)
      : fs_(fs), packs_(packs), index_(index), folder_(std::move(folder)) {}

  /// Tells the packs which of their records the index knows to be damaged.
  Status load_damaged() {
    const auto row = [this](std::string_view key, std::string_view) {
      note_if_damaged(key);
      return true;
    };
    return index_.scan(keys::all('X'), "", row, nullptr);
  }

  /// Into an empty index. It gets its sequence when all is in: until then it counts as missing.
  Status load(const journal::CheckpointFile& checkpoint, const std::vector<PackExtent>& extents) {
    // Rows first: they say which records are damaged.
    WAAG_CHECK(journal::read_checkpoint_rows(fs_, folder_, checkpoint,
                                             [this](std::string_view key, std::string_view value) {
                                               put(key, value);
                                               return write_if_full();
                                             }));
    for (const auto& extent : extents) {
      WAAG_CHECK(derive(extent));
      WAAG_CHECK(write_if_full());
    }
    return finish(checkpoint.header.first_seq);
  }

  Status replay(const std::vector<journal::LogFile>& logs, std::uint64_t after_seq) {
    std::uint64_t seq = after_seq;
    const auto apply = [&](std::uint64_t at, const journal::RowsView& rows) -> Status {
      for (const auto& extent : rows.extents) WAAG_CHECK(derive(extent));
      for (const auto& [key, value] : rows.puts) put(key, value);
      for (const auto key : rows.dels) del(key);
      seq = at;
      return batch_.size_bytes() < batch_bytes_max ? ok() : finish(seq);
    };
    WAAG_CHECK(journal::replay(fs_, folder_, logs, after_seq, apply));
    return finish(seq);
  }

 private:
  void put(std::string_view key, std::string_view value) {
    note_if_damaged(key);
    batch_.put(key, value);
  }
  void del(std::string_view key) {
    if (key.starts_with(keys::all('X'))) packs_.damaged().remove(keys::damaged_record(key));
    batch_.del(key);
  }
  void note_if_damaged(std::string_view key) {
    if (!key.starts_with(keys::all('X'))) return;
    packs_.damaged().add(keys::damaged_record(key));
  }

  Status derive(const PackExtent& extent) {
    const auto entries = packs_.entries(extent);
    if (!entries) return derive_around(extent, entries.error());
    for (const auto& entry : *entries) derive(entry);
    return ok();
  }
  void derive(const DirectoryEntry& entry) {
    if (packs_.damaged().contains(place_of(entry.at)))
      damaged_.push_back(entry);
    else
      batch_.put(keys::look_up(entry.at.kind, entry.hash), encode(entry.at));
  }
  /// Groups that cannot be read cost their own records, not the store: those that the pack's footer
  /// knows are found all the same, the others can be stored again.
  Status derive_around(const PackExtent& extent, const Error& error) {
    if (error.code != Errc::corrupt) return error;
    const auto directory = packs_.directory(extent.pack);
    if (!directory && directory.error().code != Errc::corrupt) return directory.error();
    for (auto record = extent.first_record; record - extent.first_record < extent.records;
         ++record) {
      const bool known = directory && record < (*directory)->entries.size() &&
                         (*directory)->entries[record].at.kind != RecordKind{0};
      if (known)
        derive((*directory)->entries[record]);
      else
        packs_.damaged().add({extent.pack, record});
    }
    return ok();
  }

  /// A damaged record is better than none: its length is known, and reading it says what is wrong.
  Status lead_to_damaged() {
    if (damaged_.empty()) return ok();
    WAAG_CHECK(write());  // what came after them, to be seen below
    for (const auto& entry : std::exchange(damaged_, {})) {
      const auto key = keys::look_up(entry.at.kind, entry.hash);
      WAAG_TRY(const auto other, index_.get(key, nullptr));
      if (!other) batch_.put(key, encode(entry.at));
    }
    return ok();
  }

  Status finish(std::uint64_t seq) {
    WAAG_CHECK(lead_to_damaged());
    batch_.applied(seq);
    return write();
  }
  Status write_if_full() { return batch_.size_bytes() < batch_bytes_max ? ok() : write(); }
  Status write() {
    WAAG_CHECK(index_.write(batch_));
    batch_.clear();
    return ok();
  }

  FileSystem& fs_;
  PackSet& packs_;
  RocksIndex& index_;
  std::filesystem::path folder_;
  IndexBatch batch_;
  std::vector<DirectoryEntry> damaged_;  // derived from only where there is no other record
};

struct OpenedIndex {
  std::shared_ptr<RocksIndex> index;
  std::optional<std::uint64_t> applied;
};

Result<OpenedIndex> open_index(const RowStore::Options& options) {
  OpenedIndex opened;
  WAAG_TRY(opened.index, RocksIndex::open(options.data / "index", options.block_cache_bytes));
  WAAG_TRY(opened.applied, opened.index->applied());
  return opened;
}

/// The index as it stands if the journal can bring it forward, else an empty one.
Result<OpenedIndex> usable_index(const RowStore::Options& options,
                                 const journal::History& history) {
  const bool existed = std::filesystem::exists(options.data / "index" / "CURRENT");
  auto opened = open_index(options);
  const auto applied = opened ? opened->applied : std::nullopt;
  // The index follows only what was durable: standing there, it proves that the torn frame had
  // been.
  if (applied && history.torn_seq && *applied >= *history.torn_seq)
    return fail(Errc::corrupt, "the journal's end is damaged: sequence " +
                                   std::to_string(*history.torn_seq) + " had been acknowledged");
  if (applied && *applied > 0 && history.last_number == 0)
    return fail(Errc::corrupt, "the journal is missing, the index is not");
  if (opened && !existed) return opened;
  const auto oldest = history.checkpoint ? history.checkpoint->header.first_seq : 0;
  if (applied && *applied >= oldest && *applied <= history.last_seq) return opened;
  opened = OpenedIndex{};  // closes it
  std::error_code error;
  std::filesystem::remove_all(options.data / "index", error);
  if (error) return fail(Errc::unavailable, "index: cannot be removed: " + error.message());
  return open_index(options);
}

}  // namespace

Result<RecoveredRows> recover_rows(FileSystem& fs, PackSet& packs,
                                   const RowStore::Options& options) {
  const auto folder = options.data / "journal";
  journal::History history;
  if (fs.exists(folder)) {
    WAAG_TRY(history, journal::read_history(fs, folder));
  }
  WAAG_TRY(auto opened, usable_index(options, history));
  const auto extents = history.extents.extents();
  RecoveredRows recovered;
  recovered.index = std::move(opened.index);
  const journal::Journal::Options journal_options{
      folder, options.journal_file_bytes_max,
      options.random != nullptr ? options.random : &system_random()};
  WAAG_TRY(recovered.journal, journal::Journal::open(fs, journal_options, std::move(history)));
  WAAG_CHECK(packs.recover(extents));

  Replayer replayer(fs, packs, *recovered.index, folder);
  WAAG_CHECK(replayer.load_damaged());
  const auto& checkpoint = recovered.journal->checkpoint();
  auto applied = opened.applied;
  if (!applied && checkpoint) {
    WAAG_CHECK(replayer.load(*checkpoint, extents));
    applied = checkpoint->header.first_seq;
  }
  WAAG_CHECK(replayer.replay(recovered.journal->logs(), applied.value_or(0)));
  return recovered;
}

}  // namespace waag::storage
