#include "storage/meta/tables/refs.h"

#include <algorithm>

namespace waag::storage {
namespace {

/// Bits below the millisecond in a log sequence: a million moves each millisecond keep their order.
constexpr unsigned sequence_bits = 20;

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

void RefTable::move(Transaction& transaction, const Move& move) {
  const auto key = keys::ref(move.uid, move.name);
  std::optional<std::string> old_value;
  if (move.from) old_value = encode(*move.from);
  transaction.expects.push_back({key, std::move(old_value)});
  if (move.to)
    transaction.puts.push_back({key, encode(*move.to)});
  else
    transaction.dels.push_back(key);
  RefLogRow log;
  if (move.from) log.from = move.from->target;
  if (move.to) log.to = move.to->target;
  log.user = move.user;
  log.at = move.at;
  const auto log_key = keys::ref_log(move.uid, move.name, next_log_sequence(move.at));
  transaction.puts.push_back({log_key, encode(log)});
}

std::uint64_t RefTable::next_log_sequence(TimeMs at) {
  const auto floor = static_cast<std::uint64_t>(std::max<std::int64_t>(at.count(), 0))
                     << sequence_bits;
  auto last = last_sequence_.load();
  while (true) {
    const auto next = std::max(floor, last + 1);
    if (last_sequence_.compare_exchange_weak(last, next)) return next;
  }
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
