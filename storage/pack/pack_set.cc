#include "storage/pack/pack_set.h"

#include <algorithm>
#include <unordered_set>

#include "storage/pack/lru.h"
#include "storage/pack/open_pool.h"

namespace waag::storage {

namespace {

using namespace pack;

/// Files of sealed packs kept open. Bounded well below the usual limit of 1,024 descriptors.
constexpr std::size_t open_files_max = 256;
/// So that an offset, also past one largest record, fits its 32 bits.
constexpr std::uint32_t pack_bytes_limit = 1u << 30;

class PackWriterImpl final : public PackWriter {
 public:
  PackWriterImpl(OpenPool& pool, PackClass kind, std::uint32_t group_bytes_max)
      : pool_(pool), kind_(kind), group_bytes_max_(group_bytes_max) {}

  Result<std::vector<Location>> append_group(std::span<const RecordIn> records) override {
    std::uint64_t payload = 0;
    for (const auto& record : records) payload += record.raw.size();
    if (payload > group_bytes_max_ && records.size() > 1)
      return fail(Errc::invalid_argument, "group is too large");
    PackExtent extent;
    WAAG_TRY(auto locations, pool_.append(kind_, builder_, records, last_, extent));
    if (!pending_.empty() && pending_.back().extent.pack == extent.pack &&
        pending_.back().extent.end == extent.begin) {
      auto& before = pending_.back().extent;
      before.end = extent.end;
      before.records += extent.records;
    } else {
      pending_.push_back({last_, extent});
    }
    return locations;
  }

  Result<std::vector<PackExtent>> sync() override {
    const auto pending = std::exchange(pending_, {});
    std::vector<PackExtent> extents;
    // Backwards: one sync of a pack's last extent makes its earlier ones durable.
    for (auto at = pending.rbegin(); at != pending.rend(); ++at)
      WAAG_CHECK(at->pack->sync(at->extent.end));
    for (const auto& part : pending) extents.push_back(part.extent);
    return extents;
  }

 private:
  struct Pending {
    std::shared_ptr<OpenPack> pack;
    PackExtent extent;
  };
  OpenPool& pool_;
  PackClass kind_;
  std::uint32_t group_bytes_max_;
  GroupBuilder builder_;
  std::shared_ptr<OpenPack> last_;
  std::vector<Pending> pending_;
};

class PackSetImpl final : public PackSet {
 public:
  PackSetImpl(FileSystem& fs, Random& random, const std::filesystem::path& folder,
              const Options& options)
      : fs_(fs),
        folder_(folder),
        options_(options),
        pool_(fs, random, folder, options),
        files_(open_files_max),
        directories_(options.directory_cache_bytes) {}

  /// Finds the packs of earlier runs. The names found are made durable: a process may have died
  /// between a rename and the sync of its folder.
  Status scan() {
    WAAG_CHECK(fs_.create_dir(folder_));
    WAAG_CHECK(fs_.sync_dir(folder_));
    WAAG_TRY(const auto folders, fs_.list(folder_));
    for (const auto& name : folders) {
      WAAG_TRY(const auto files, fs_.list(folder_ / name));
      WAAG_CHECK(fs_.sync_dir(folder_ / name));
      for (const auto& file : files) {
        const auto found = parse_file_name(file);
        if (found && found->open) left_open_.insert(found->pack);
      }
    }
    return ok();
  }

  Result<std::unique_ptr<PackWriter>> writer(PackClass kind) override {
    return std::unique_ptr<PackWriter>(
        std::make_unique<PackWriterImpl>(pool_, kind, options_.group_bytes_max));
  }

  Status recover(const std::vector<PackExtent>& extents) override {
    const auto left_open = [&] {
      const std::lock_guard lock(mutex_);
      return std::exchange(left_open_, {});
    }();
    std::unordered_map<PackId, std::vector<PackExtent>> by_pack;
    for (const auto& extent : extents)
      if (left_open.contains(extent.pack)) by_pack[extent.pack].push_back(extent);
    for (const auto id : left_open) {
      WAAG_TRY(auto pack, OpenPack::recover(fs_, folder_, id, std::move(by_pack[id])));
      if (pack) pool_.adopt(std::move(pack));
    }
    const std::lock_guard lock(mutex_);
    for (const auto id : left_open) files_.erase(id);
    return ok();
  }

  Result<std::shared_ptr<const PackDirectory>> directory(PackId id) override {
    if (const auto open = pool_.find(id)) return open->directory();
    {
      const std::lock_guard lock(mutex_);
      if (auto known = directories_.find(id)) return *std::move(known);
    }
    WAAG_TRY(const auto file, file_of(id));
    WAAG_TRY(auto read, read_sealed_directory(*file, id));
    auto made = std::make_shared<const PackDirectory>(std::move(read));
    const std::lock_guard lock(mutex_);
    if (!left_open_.contains(id))
      directories_.put(id, made, made->entries.size() * sizeof(DirectoryEntry));
    return std::shared_ptr<const PackDirectory>(made);
  }

  Result<std::vector<DirectoryEntry>> entries(const PackExtent& extent) override {
    WAAG_TRY(const auto file, file_of(extent.pack));
    std::vector<DirectoryEntry> entries;
    auto at = extent.begin;
    while (at < extent.end) {
      WAAG_TRY(auto group, read_group(*file, extent.pack, at, extent.end));
      if (group.place.first_record != extent.first_record + entries.size())
        return fail(Errc::corrupt, "pack extent: records do not follow each other");
      at = group.place.end();
      entries.insert(entries.end(), group.entries.begin(), group.entries.end());
    }
    if (at != extent.end || entries.size() != extent.records)
      return fail(Errc::corrupt, "pack extent: groups do not fill it");
    return entries;
  }

  Result<Bytes> read(const Location& at) override {
    if (at.raw_bytes > record_bytes_max) return fail(Errc::corrupt, "record is too large");
    Bytes out(at.raw_bytes);
    WAAG_CHECK(read_into(at, out));
    return out;
  }

  Status read_into(const Location& at, std::span<std::byte> out) override {
    auto done = read_from_file(at, out);
    if (!done && done.error().code == Errc::corrupt) damaged_.add(place_of(at));
    return done;
  }

  Result<std::optional<RawRun>> raw_run(std::span<const Location> records) override {
    if (!is_raw_run(records)) return std::optional<RawRun>();
    WAAG_TRY(auto file, file_of(records.front().pack));
    if (file->descriptor() < 0) return std::optional<RawRun>();
    WAAG_CHECK(check_raw_run(*file, records));
    RawRun run{std::move(file), records.front().offset, 0};
    for (const auto& at : records) run.bytes += at.stored_bytes;
    return std::optional<RawRun>(std::move(run));
  }

  const Options& options() const override { return options_; }

  Result<std::vector<PackId>> list() const override {
    std::vector<PackId> ids;
    WAAG_TRY(const auto folders, fs_.list(folder_));
    for (const auto& name : folders) {
      WAAG_TRY(const auto files, fs_.list(folder_ / name));
      for (const auto& file : files)
        if (const auto found = parse_file_name(file)) ids.push_back(found->pack);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

  Result<std::vector<PackFinding>> verify(PackId id) override {
    if (const auto open = pool_.find(id))
      return verify_pack(*open->file(), id, open->end(), /*sealed=*/false);
    WAAG_TRY(const auto file, file_of(id));
    WAAG_TRY(const auto end, file->size());
    const auto sealed = [&] {
      const std::lock_guard lock(mutex_);
      return !left_open_.contains(id);
    }();
    return verify_pack(*file, id, end, sealed);
  }

  DamagedRecords& damaged() override { return damaged_; }

  Status close() override {
    const std::lock_guard lock(mutex_);
    files_ = Lru<PackId, std::shared_ptr<const File>>(open_files_max);
    directories_ =
        Lru<PackId, std::shared_ptr<const PackDirectory>>(options_.directory_cache_bytes);
    return ok();
  }

 private:
  Status read_from_file(const Location& at, std::span<std::byte> out) {
    WAAG_TRY(const auto file, file_of(at.pack));
    return read_record(*file, at, out);
  }

  /// The file to read a pack from. A pack that is gone is our own loss: Errc::corrupt.
  Result<std::shared_ptr<const File>> file_of(PackId id) {
    if (const auto open = pool_.find(id)) return open->file();
    bool left_open = false;
    {
      const std::lock_guard lock(mutex_);
      if (auto known = files_.find(id)) return *std::move(known);
      left_open = left_open_.contains(id);
    }
    auto opened = fs_.open(pack_path(folder_, id, left_open), OpenMode::read);
    if (!opened && opened.error().code == Errc::not_found) {
      damaged_.add_lost(id);
      return fail(Errc::corrupt, "pack " + pack_name(id) + " is missing");
    }
    if (!opened) return std::move(opened).error();
    std::shared_ptr<const File> file = *std::move(opened);
    const std::lock_guard lock(mutex_);
    files_.put(id, file, 1);
    return file;
  }

  FileSystem& fs_;
  std::filesystem::path folder_;
  Options options_;
  OpenPool pool_;
  DamagedRecords damaged_;
  std::mutex mutex_;                      // what follows
  std::unordered_set<PackId> left_open_;  // found at the start, not yet recovered
  Lru<PackId, std::shared_ptr<const File>> files_;
  Lru<PackId, std::shared_ptr<const PackDirectory>> directories_;
};

}  // namespace

Result<std::unique_ptr<PackSet>> PackSet::open(FileSystem& fs, Random& random,
                                               const std::filesystem::path& folder,
                                               Options options) {
  if (options.pack_bytes_max > pack_bytes_limit || options.open_packs_max == 0 ||
      options.group_bytes_max > options.pack_bytes_max)
    return fail(Errc::invalid_argument, "pack options out of range");
  auto set = std::make_unique<PackSetImpl>(fs, random, folder, options);
  WAAG_CHECK(set->scan());
  return std::unique_ptr<PackSet>(std::move(set));
}

}  // namespace waag::storage
