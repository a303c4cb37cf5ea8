#include "storage/meta/index/rocks.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include "protocol/hash.h"

namespace waag::storage {
namespace {

constexpr std::string_view applied_key("\0applied", 8);
constexpr std::size_t crc_bytes = 4;
constexpr double memtable_filter_part = 0.02;     // about a byte a row
constexpr std::size_t memtable_bytes = 8u << 20;  // two of them: what an idle index may hold
constexpr double filter_bits_per_key = 10;        // ribbon, 1 % false hits. Source: STORAGE B.6
constexpr int open_files_max = 256;
/// RocksDB's own 4 MiB and 16 threads were half the time that opening a small index took.
constexpr std::size_t manifest_preallocated_bytes = 64u << 10;
constexpr int file_opening_threads = 1;  // of at most open_files_max / 4 files
constexpr int background_jobs_max = 2;   // RELIABILITY 2.5: < 8
constexpr int cache_shard_bits = 2;      // few shards, so that a small cache is not cut to crumbs

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Error from_rocks(const rocksdb::Status& status) {
  const auto code = status.IsCorruption() ? Errc::corrupt
                    : status.IsNoSpace()  ? Errc::no_space
                                          : Errc::unavailable;
  return fail(code, "index: " + status.ToString());
}

std::array<char, crc_bytes> row_crc(std::string_view key, std::string_view value) {
  const auto crc = crc32c(as_bytes(value), crc32c(as_bytes(key)));
  std::array<char, crc_bytes> bytes{};
  for (std::size_t i = 0; i < crc_bytes; ++i) bytes[i] = static_cast<char>(crc >> (8 * i));
  return bytes;
}

/// Takes the checksum off what was stored under `key`.
Result<std::string_view> checked(std::string_view key, std::string_view stored) {
  if (stored.size() < crc_bytes) return fail(Errc::corrupt, "index: row without checksum");
  const auto value = stored.substr(0, stored.size() - crc_bytes);
  const auto crc = row_crc(key, value);
  if (stored.substr(value.size()) != std::string_view(crc.data(), crc.size()))
    return fail(Errc::corrupt, "index: row fails its checksum");
  return value;
}

std::string encode_seq(std::uint64_t seq) {
  ByteWriter out;
  out.fixed(seq);
  return out.str();
}

rocksdb::Options make_options(std::size_t block_cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(block_cache_bytes, cache_shard_bits);
  table.filter_policy.reset(rocksdb::NewRibbonFilterPolicy(filter_bits_per_key));
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks = true;
  table.pin_top_level_index_and_filter = true;
  table.format_version = 5;

  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression =
      rocksdb::kNoCompression;  // hashes and locations do not shrink (STORAGE B.6)
  options.write_buffer_size = memtable_bytes;
  options.max_write_buffer_number = 2;
  // A new chunk is asked for once and is nowhere: without a filter that walks the memtable.
  options.memtable_whole_key_filtering = true;
  options.memtable_prefix_bloom_size_ratio = memtable_filter_part;
  options.max_background_jobs = background_jobs_max;
  options.max_open_files = open_files_max;
  options.max_file_opening_threads = file_opening_threads;
  options.manifest_preallocation_size = manifest_preallocated_bytes;
  options.paranoid_checks = true;
  options.recycle_log_file_num = 0;
  options.manual_wal_flush = false;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1u << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ReadOptions read_options(const rocksdb::Snapshot* at) {
  rocksdb::ReadOptions options;
  options.snapshot = at;
  options.verify_checksums = true;
  return options;
}

}  // namespace

void IndexBatch::put(std::string_view key, std::string_view value) {
  const auto crc = row_crc(key, value);
  const rocksdb::Slice key_part = slice(key);
  const std::array<rocksdb::Slice, 2> value_parts = {slice(value), {crc.data(), crc.size()}};
  batch_.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts.data(), 2));
}

void IndexBatch::del(std::string_view key) { batch_.Delete(slice(key)); }

void IndexBatch::applied(std::uint64_t seq) { put(applied_key, encode_seq(seq)); }

Result<std::shared_ptr<RocksIndex>> RocksIndex::open(const std::filesystem::path& folder,
                                                     std::size_t block_cache_bytes) {
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(make_options(block_cache_bytes), folder.string(), &db);
  if (!status.ok()) return from_rocks(status);
  return std::make_shared<RocksIndex>(std::unique_ptr<rocksdb::DB>(db));
}

RocksIndex::~RocksIndex() = default;

Result<std::optional<std::uint64_t>> RocksIndex::applied() const {
  WAAG_TRY(const auto value, get(applied_key, nullptr));
  if (!value) return std::optional<std::uint64_t>();
  ByteReader in(as_bytes(*value));
  const auto seq = in.fixed<std::uint64_t>();
  if (!in.ok() || !in.at_end()) return fail(Errc::corrupt, "index: damaged sequence");
  return std::optional<std::uint64_t>(seq);
}

Status RocksIndex::write(IndexBatch& batch) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  if (const auto status = db_->Write(options, &batch.raw()); !status.ok())
    return from_rocks(status);
  return ok();
}

Status RocksIndex::flush() {
  if (const auto status = db_->Flush(rocksdb::FlushOptions()); !status.ok())
    return from_rocks(status);
  return ok();
}

Result<std::optional<std::string>> RocksIndex::get(std::string_view key,
                                                   const rocksdb::Snapshot* at) const {
  rocksdb::PinnableSlice stored;
  const auto status = db_->Get(read_options(at), db_->DefaultColumnFamily(), slice(key), &stored);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return from_rocks(status);
  WAAG_TRY(const auto value, checked(key, view(stored)));
  return std::optional<std::string>(value);
}

Result<std::vector<std::optional<std::string>>> RocksIndex::get_many(
    const std::vector<std::string>& keys) const {
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const auto& key : keys) slices.push_back(slice(key));
  std::vector<rocksdb::PinnableSlice> stored(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(read_options(nullptr), db_->DefaultColumnFamily(), keys.size(), slices.data(),
                stored.data(), statuses.data());
  std::vector<std::optional<std::string>> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return from_rocks(statuses[i]);
    WAAG_TRY(const auto value, checked(keys[i], view(stored[i])));
    values[i] = std::string(value);
  }
  return values;
}

Status RocksIndex::scan(std::string_view prefix, std::string_view first,
                        const std::function<bool(std::string_view, std::string_view)>& row,
                        const rocksdb::Snapshot* at) const {
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read_options(at)));
  const std::string_view begin = std::max({prefix, first, std::string_view("\1", 1)});
  for (it->Seek(slice(begin)); it->Valid() && view(it->key()).starts_with(prefix); it->Next()) {
    WAAG_TRY(const auto value, checked(view(it->key()), view(it->value())));
    if (!row(view(it->key()), value)) return ok();
  }
  if (!it->status().ok()) return from_rocks(it->status());
  return ok();
}

}  // namespace waag::storage
