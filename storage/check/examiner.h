#pragma once

#include "storage/meta/tables/table.h"
#include "storage/store.h"

namespace waag::storage::check {

/// Problems beyond this many are not listed: a store that broken needs its backup, not a list.
inline constexpr std::size_t problems_max = 10'000;

/// What the checks work on and where they put what they find. A problem never ends a check: the
/// next rows are looked at all the same.
struct Examiner {
  RowStore& rows;
  PackSet& packs;
  FsckReport& report;

  void problem(std::string what) const {
    if (report.problems.size() < problems_max) report.problems.push_back(std::move(what));
  }
  /// Notes the error of anything that should have worked. @return whether it did
  template <class T>
  bool good(const Result<T>& result, const std::string& about) const {
    if (!result) problem(about + ": " + result.error().what);
    return result.has_value();
  }
  [[nodiscard]] bool has(const std::string& key, const std::string& about) const {
    const auto row = rows.get(key);
    return good(row, about) && row->has_value();
  }
  /// Calls `visit(key, row)` for each row of a kind that decodes, notes those that do not.
  template <class Decoded, class Visit>
  void each(const std::string& prefix, Result<Decoded> (*decode)(std::string_view),
            Visit visit) const {
    const auto scanned = rows.scan(prefix, "", [&](std::string_view key, std::string_view value) {
      const auto row = decode(value);
      if (good(row, "row " + to_hex(as_bytes(key)))) visit(key, *row);
      return true;
    });
    good(scanned, "rows of kind " + prefix.substr(0, 1));
  }
};

/// Every byte of every pack; each look-up row says what the pack's own directory says.
void check_packs(const Examiner& examiner);
/// What the journal says of packs is what they hold, and no look-up row needs more than that.
void check_extents(const Examiner& examiner);
/// Xorbs, manifests and file hashes agree; each blob is read whole and hashed.
void check_blobs(const Examiner& examiner);
/// Repos by name and by uid, refs and their logs, commits down to the last file, links both ways.
void check_repos(const Examiner& examiner);
/// Likes both ways, and their number.
void check_likes(const Examiner& examiner);
/// Discussions, their events and counters; the refs and commits of pull requests.
void check_discussions(const Examiner& examiner);
/// Jobs, and the counter that gives them their numbers.
void check_jobs(const Examiner& examiner);
/// Users, tokens, organisations and their lists, requests for access.
void check_accounts(const Examiner& examiner);

}  // namespace waag::storage::check
