#include "storage/meta/tables/refs.h"

#include <algorithm>

namespace waag::storage {
namespace {

/// The commit id at the end of a C row's key.
CommitId commit_of_key(std::string_view key) {
  CommitId id;
  std::memcpy(id.bytes.data(), key.data() + key.size() - CommitId::size_bytes,
              CommitId::size_bytes);
  return id;
}

}  // namespace

Result<std::optional<RefRow>> RefTable::find(std::uint64_t uid, std::string_view name) const {
  return get_row(rows_, keys::ref(uid, name), decode_ref);
}

Result<std::vector<Ref>> RefTable::list(std::uint64_t uid) const {
  const auto prefix = keys::refs(uid);
  std::vector<Ref> found;
  WAAG_CHECK(scan_rows(rows_, prefix, "", decode_ref, [&](std::string_view key, RefRow row) {
    found.push_back({std::string(key.substr(prefix.size())), row});
    return true;
  }));
  return found;
}

Result<std::vector<RefLogRow>> RefTable::log(std::uint64_t uid, std::string_view name) const {
  std::vector<RefLogRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::ref_log_of(uid, name), "", decode_ref_log,
                       [&](std::string_view, RefLogRow row) {
                         found.push_back(std::move(row));
                         return true;
                       }));
  return found;
}

Status RefTable::move(Transaction& transaction, const Move& move) {
  const auto key = keys::ref(move.uid, move.name);
  WAAG_TRY(const auto at, next_time(move));
  std::optional<std::string> old_value;
  if (move.from) old_value = encode(*move.from);
  transaction.expects.push_back({key, std::move(old_value)});
  if (move.to) {
    RefRow row = *move.to;
    row.updated = at;
    transaction.puts.push_back({key, encode(row)});
  } else {
    transaction.dels.push_back(key);
  }
  RefLogRow log;
  if (move.from) log.from = move.from->target;
  if (move.to) log.to = move.to->target;
  log.user = move.user;
  log.at = at;
  const auto log_key = keys::ref_log(move.uid, move.name, static_cast<std::uint64_t>(at.count()));
  transaction.expects.push_back({log_key, std::nullopt});
  transaction.puts.push_back({log_key, encode(log)});
  return ok();
}

// The clock may stand still or go back, also over a restart; the log's order may not.
Result<TimeMs> RefTable::next_time(const Move& move) const {
  TimeMs last{};
  if (move.from) {
    last = move.from->updated;
  } else {
    WAAG_TRY(const auto before, log(move.uid, move.name));
    if (!before.empty()) last = before.back().at;
  }
  return std::max(move.at, last + TimeMs(1));
}

Result<bool> RefTable::knows(std::uint64_t uid, const CommitId& commit) const {
  WAAG_TRY(const auto row, rows_.get(keys::repo_commit(uid, commit)));
  return row.has_value();
}

void RefTable::add_commit(Transaction& transaction, std::uint64_t uid, const CommitId& commit) {
  transaction.puts.push_back({keys::repo_commit(uid, commit), plain_row()});
}

Result<std::optional<CommitId>> RefTable::find_short(std::uint64_t uid,
                                                     std::string_view digits) const {
  CommitId first;
  std::string padded(digits);
  padded.resize(2 * CommitId::size_bytes, '0');
  WAAG_CHECK(from_hex(padded, first.bytes));
  const std::string folded = first.hex().substr(0, digits.size());
  std::optional<CommitId> found;
  bool ambiguous = false;
  const auto look = [&](std::string_view key, std::string_view) {
    const auto id = commit_of_key(key);
    if (!id.hex().starts_with(folded)) return false;
    ambiguous = found.has_value();
    found = id;
    return !ambiguous;
  };
  WAAG_CHECK(rows_.scan(keys::repo_commits(uid), keys::repo_commit(uid, first), look));
  if (ambiguous) return std::optional<CommitId>{};
  return found;
}

Result<std::vector<CommitId>> RefTable::commits(std::uint64_t uid) const {
  std::vector<CommitId> found;
  WAAG_CHECK(rows_.scan(keys::repo_commits(uid), "", [&](std::string_view key, std::string_view) {
    found.push_back(commit_of_key(key));
    return true;
  }));
  return found;
}

}  // namespace waag::storage
