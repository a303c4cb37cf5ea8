#include "storage/repo/usage/repo_usage.h"

#include <algorithm>

#include "storage/pack/lru.h"
#include "storage/repo/usage/record_set.h"

namespace waag::storage {
namespace {

/// Runs of xorbs kept at hand: a file that was changed in places returns to the same ones.
constexpr std::size_t runs_bytes_max = 1u << 20;

/// From blobs to the stretches of records that hold their chunks.
class RunFinder {
 public:
  explicit RunFinder(const RowStore& rows) : rows_(rows) {}

  /// Calls `use(run)` for each stretch of records of the blob. @return its size
  template <class Use>
  Result<std::uint64_t> each_run(const BlobId& id, Use use) {
    WAAG_TRY(const auto manifest, get_row(rows_, keys::blob(id), decode_manifest));
    if (!manifest) return fail(Errc::corrupt, "a linked blob is not there");
    for (const auto& term : manifest->terms) {
      WAAG_TRY(const auto runs, runs_of(term.xorb));
      std::uint64_t chunk = 0;  // of the xorb, the first of the run
      for (const auto& run : runs) {
        const auto begin = std::max<std::uint64_t>(chunk, term.first_chunk);
        const auto end =
            std::min(chunk + run.records, std::uint64_t{term.first_chunk} + term.chunks);
        if (begin < end)
          use(RecordRun{run.pack, static_cast<std::uint32_t>(run.first_record + begin - chunk),
                        static_cast<std::uint32_t>(end - begin)});
        chunk += run.records;
      }
    }
    return manifest->size_bytes;
  }

 private:
  Result<std::vector<RecordRun>> runs_of(const XorbHash& xorb) {
    if (auto known = known_.find(xorb)) return *std::move(known);
    WAAG_TRY(auto row, get_row(rows_, keys::xorb(xorb), decode_xorb));
    if (!row) return fail(Errc::corrupt, "blob names a xorb that is not there");
    known_.put(xorb, row->runs, row->runs.size() * sizeof(RecordRun));
    return std::move(row->runs);
  }

  const RowStore& rows_;
  pack::Lru<XorbHash, std::vector<RecordRun>> known_{runs_bytes_max};
};

struct Measure {
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
};

Result<Measure> measure(PackSet& packs, const RecordSet& records) {
  Measure sum;
  for (const auto& [pack, stretches] : records.packs()) {
    WAAG_TRY(const auto directory, packs.directory(pack));
    if (stretches.rbegin()->second > directory->entries.size())
      return fail(Errc::corrupt, "run past the end of its pack");
    for (const auto& [begin, end] : stretches)
      for (const auto& entry : std::span(directory->entries).subspan(begin, end - begin)) {
        sum.raw_bytes += entry.at.raw_bytes;
        sum.stored_bytes += entry.at.stored_bytes;
      }
  }
  return sum;
}

/// One walk over all links, by blob: what of `own` the files of other repos lie in.
Result<RecordSet> shared_with_others(const RowStore& rows, RunFinder& finder, std::uint64_t uid,
                                     const RecordSet& own, const Sharers& sharers) {
  const auto counts = [&](std::uint64_t holder) {
    return holder != uid && (sharers.all || std::ranges::binary_search(sharers.uids, holder));
  };
  RecordSet shared;
  std::optional<BlobId> last;  // that was counted
  Status inner = ok();
  WAAG_CHECK(rows.scan(keys::all('L'), "", [&](std::string_view key, std::string_view) {
    const auto id = keys::last_hash<BlobId>(key.substr(0, 1 + BlobId::size_bytes));
    if (last == id || !counts(keys::last_number(key))) return true;
    last = id;
    const auto size =
        finder.each_run(id, [&](const RecordRun& run) { shared.add_common(own, run); });
    if (!size) inner = size.error();
    return inner.has_value();
  }));
  WAAG_CHECK(inner);
  return shared;
}

}  // namespace

Result<RepoUsage> repo_usage(const RowStore& rows, PackSet& packs, std::uint64_t uid,
                             const std::optional<Sharers>& sharers) {
  RepoUsage usage;
  RunFinder finder(rows);
  RecordSet own;
  Status inner = ok();
  WAAG_CHECK(rows.scan(keys::links(uid), "", [&](std::string_view key, std::string_view) {
    const auto size =
        finder.each_run(keys::last_hash<BlobId>(key), [&](const RecordRun& run) { own.add(run); });
    if (!size) {
      inner = size.error();
      return false;
    }
    ++usage.files;
    usage.logical_bytes += *size;
    return true;
  }));
  WAAG_CHECK(inner);
  WAAG_TRY(const auto all, measure(packs, own));
  usage.unique_bytes = all.raw_bytes;
  usage.physical_bytes = all.stored_bytes;
  if (!sharers) return usage;
  WAAG_TRY(const auto shared, shared_with_others(rows, finder, uid, own, *sharers));
  WAAG_TRY(const auto part, measure(packs, shared));
  usage.shared_bytes = part.stored_bytes;
  return usage;
}

}  // namespace waag::storage
