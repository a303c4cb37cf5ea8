#include "daemon/offline.h"

#include <ostream>

#include "storage/store.h"

namespace waag::daemon {
namespace {

constexpr std::size_t problems_shown_max = 100;

int failed(std::ostream& out, const Error& error) {
  out << "failed: " << error.what << '\n';
  return exit_failed;
}

Result<storage::FsckReport> check(storage::FileSystem& fs, const Config& config) {
  storage::StoreOptions options;
  options.data = config.store.data;
  options.reserve_bytes = 0;  // a full disk must not keep anyone from checking
  options.rows.block_cache_bytes = config.store.block_cache_bytes;
  WAAG_TRY(auto store, storage::Store::open(fs, storage::system_clock(), storage::system_random(),
                                            std::move(options)));
  auto report = storage::fsck(*store);
  const auto closed = store->close();
  if (report && !closed) return closed.error();
  return report;
}

int show(const storage::FsckReport& report, std::ostream& out) {
  out << "packs " << report.packs << ", records " << report.records << ", blobs " << report.blobs
      << ", commits " << report.commits << ", refs " << report.refs << '\n';
  for (std::size_t i = 0; i < report.problems.size() && i < problems_shown_max; ++i)
    out << "problem: " << report.problems[i] << '\n';
  if (report.problems.size() > problems_shown_max)
    out << "and " << report.problems.size() - problems_shown_max << " more\n";
  for (std::size_t i = 0; i < report.notes.size() && i < problems_shown_max; ++i)
    out << "note: " << report.notes[i] << '\n';
  out << (report.problems.empty() ? "whole" : "NOT whole") << ": " << report.problems.size()
      << " problems\n";
  return report.problems.empty() ? exit_whole : exit_problems;
}

/// A wrong path must not become a new, whole, empty store.
Status must_exist(const storage::FileSystem& fs, const std::filesystem::path& data) {
  if (fs.exists(data / "FORMAT")) return ok();
  return fail(Errc::not_found, "no store in " + data.string());
}

}  // namespace

int run_fsck(const Config& config, bool repair, std::ostream& out) {
  const auto fs = storage::make_posix_file_system();
  if (const auto there = must_exist(*fs, config.store.data); !there)
    return failed(out, there.error());
  auto report = check(*fs, config);
  const bool clean = report && report->problems.empty();
  if (repair && !clean) {
    out << "rebuilding the index\n";
    if (const auto done = storage::rebuild_index(*fs, config.store.data); !done)
      return failed(out, done.error());
    report = check(*fs, config);
  }
  return report ? show(*report, out) : failed(out, report.error());
}

int run_rebuild_index(const Config& config, std::ostream& out) {
  const auto fs = storage::make_posix_file_system();
  if (const auto there = must_exist(*fs, config.store.data); !there)
    return failed(out, there.error());
  if (const auto done = storage::rebuild_index(*fs, config.store.data); !done)
    return failed(out, done.error());
  out << "index rebuilt\n";
  return exit_whole;
}

}  // namespace waag::daemon
