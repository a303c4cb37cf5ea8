#include "storage/meta/tables/repos.h"

#include <algorithm>

namespace waag::storage {
namespace {

constexpr std::string_view uid_counter = "repo_uid";
/// Writers of one repo row that may come first before we give up.
constexpr int attempts_max = 16;

Error no_such_repo(std::string what) { return fail(Errc::repo_not_found, std::move(what)); }

}  // namespace

Result<RepoRow> RepoTable::find(const RepoId& id) const {
  WAAG_TRY(auto row, get_row(rows_, keys::repo(id), decode_repo));
  if (!row) return no_such_repo("no repo " + id.full_name());
  return *std::move(row);
}

Result<RepoRow> RepoTable::find_uid(std::uint64_t uid) const {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(const auto key, get_row(rows_, keys::repo_uid(uid), decode_plain_row));
    if (!key) break;
    WAAG_TRY(auto row, get_row(rows_, *key, decode_repo));
    if (row && row->uid == uid) return *std::move(row);
    // Deleted or moved between the two reads, and the name may belong to a newer repo already.
  }
  return no_such_repo("no repo with uid " + std::to_string(uid));
}

Result<RepoRow> RepoTable::find_moved(const RepoId& former) const {
  WAAG_TRY(const auto row, get_row(rows_, keys::redirect(former), decode_redirect));
  if (!row) return no_such_repo("no repo was called " + former.full_name());
  return find_uid(row->uid);
}

Result<std::vector<RepoRow>> RepoTable::list(RepoType type, std::string_view after,
                                             std::size_t limit) const {
  std::string first;
  if (!after.empty()) {
    const auto slash = after.find('/');
    const auto ns = after.substr(0, slash);
    const auto name = slash == std::string_view::npos ? "" : after.substr(slash + 1);
    first = keys::repo(RepoId{type, std::string(ns), std::string(name)});
    first.push_back('\0');  // the key right after it
  }
  std::vector<RepoRow> found;
  if (limit == 0) return found;
  WAAG_CHECK(scan_rows(rows_, keys::repo_type(type), first, decode_repo,
                       [&](std::string_view, RepoRow row) {
                         found.push_back(std::move(row));
                         return found.size() < limit;
                       }));
  return found;
}

Status RepoTable::add(Transaction& transaction, RepoRow& row) const {
  const auto key = keys::repo(row.id);
  WAAG_TRY(const auto taken, rows_.get(key));
  if (taken) return fail(Errc::conflict, "repo " + row.id.full_name() + " exists");
  const auto counter_key = keys::counter(uid_counter);
  WAAG_TRY(const auto counter, rows_.get(counter_key));
  std::uint64_t last_uid = 0;
  if (counter) {
    WAAG_TRY(last_uid, decode_counter(*counter));
  }
  row.uid = last_uid + 1;
  transaction.expects.push_back({key, std::nullopt});
  transaction.expects.push_back({counter_key, counter});
  transaction.puts.push_back({counter_key, encode_counter(row.uid)});
  transaction.puts.push_back({key, encode(row)});
  transaction.puts.push_back({keys::repo_uid(row.uid), plain_row(key)});
  transaction.dels.push_back(keys::redirect(row.id));
  return ok();
}

void RepoTable::remove(Transaction& transaction, const RepoRow& row) {
  expect_alive(transaction, row);
  transaction.dels.push_back(keys::repo(row.id));
  transaction.dels.push_back(keys::repo_uid(row.uid));
}

void RepoTable::expect_alive(Transaction& transaction, const RepoRow& row) {
  transaction.expects.push_back({keys::repo_uid(row.uid), plain_row(keys::repo(row.id))});
}

Result<RepoRow> RepoTable::expect_row(Transaction& transaction, const RepoRow& row) const {
  expect_alive(transaction, row);
  const auto elsewhere = fail(Errc::conflict, "the repo was moved or deleted meanwhile");
  const auto key = keys::repo(row.id);
  // As it is stored: a row of an older version is not what encode() gives.
  WAAG_TRY(auto stored, rows_.get(key));
  if (!stored) return elsewhere;
  WAAG_TRY(auto found, decode_repo(*stored));
  if (found.uid != row.uid) return elsewhere;
  transaction.expects.push_back({key, std::move(stored)});
  return found;
}

Result<RepoRow> RepoTable::try_change(const RepoRow& old, const RepoSettings& settings) {
  Transaction transaction;
  WAAG_TRY(auto row, expect_row(transaction, old));
  row.visibility = settings.visibility.value_or(row.visibility);
  row.gate = settings.gate.value_or(row.gate);
  row.disabled = settings.disabled.value_or(row.disabled);
  row.discussions_disabled = settings.discussions_disabled.value_or(row.discussions_disabled);
  transaction.puts.push_back({keys::repo(row.id), encode(row)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return row;
}

Result<RepoRow> RepoTable::change(std::uint64_t uid, const RepoSettings& settings) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(const auto row, find_uid(uid));
    auto changed = try_change(row, settings);
    if (changed || changed.error().code != Errc::conflict) return changed;
  }
  return fail(Errc::unavailable, "repo row changes all the time");
}

Result<RepoRow> RepoTable::move(std::uint64_t uid, const RepoId& to) {
  WAAG_CHECK(RepoId::make(to.type, to.ns, to.name));
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(const auto row, find_uid(uid));
    if (row.id.type != to.type)
      return fail(Errc::invalid_argument, "a move does not change the type of a repo");
    auto moved = try_move(row, to);
    if (moved || moved.error().code != Errc::conflict) return moved;
    WAAG_TRY(const auto taken, get_row(rows_, keys::repo(to), decode_repo));
    if (taken && taken->uid != uid) return moved;
  }
  return fail(Errc::unavailable, "repo row changes all the time");
}

/// Errc::conflict if the name is taken or `row` has changed meanwhile.
Result<RepoRow> RepoTable::try_move(const RepoRow& row, const RepoId& to) {
  const auto old_key = keys::repo(row.id);
  const auto new_key = keys::repo(to);
  Transaction transaction;
  WAAG_TRY(auto moved, expect_row(transaction, row));
  if (new_key != old_key) {
    transaction.expects.push_back({new_key, std::nullopt});
    transaction.puts.push_back({keys::repo_uid(row.uid), plain_row(new_key)});
    transaction.puts.push_back({keys::redirect(row.id), encode(RedirectRow{row.uid})});
    transaction.dels.push_back(old_key);
    transaction.dels.push_back(keys::redirect(to));
  }
  moved.id = to;
  transaction.puts.push_back({new_key, encode(moved)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return moved;
}

Status RepoTable::discard(std::uint64_t uid, std::string_view user, TimeMs at) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(const auto row, find_uid(uid));
    Transaction transaction;
    // With the whole row: a repo made private a moment ago must not come back as a public one.
    const auto last = expect_row(transaction, row);
    if (!last && last.error().code == Errc::conflict) continue;
    if (!last) return last.error();
    transaction.dels.push_back(keys::repo(last->id));
    transaction.dels.push_back(keys::repo_uid(uid));
    const TrashRow trashed{*last, at, std::string(user)};
    transaction.puts.push_back({keys::trashed(uid), encode(trashed)});
    const auto applied = rows_.apply(std::move(transaction));
    if (applied) return ok();
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return fail(Errc::unavailable, "repo row changes all the time");
}

Result<RepoRow> RepoTable::restore(std::uint64_t uid, const RepoId& as) {
  WAAG_CHECK(RepoId::make(as.type, as.ns, as.name));
  WAAG_TRY(const auto stored, rows_.get(keys::trashed(uid)));
  if (!stored) return fail(Errc::not_found, "no such repo in the trash");
  WAAG_TRY(auto trashed, decode_trash(*stored));
  auto& row = trashed.repo;
  if (row.id.type != as.type)
    return fail(Errc::invalid_argument, "to restore a repo does not change its type");
  row.id = as;
  const auto key = keys::repo(as);
  Transaction transaction;
  transaction.expects.push_back({keys::trashed(uid), stored});
  transaction.expects.push_back({key, std::nullopt});
  transaction.puts.push_back({key, encode(row)});
  transaction.puts.push_back({keys::repo_uid(uid), plain_row(key)});
  transaction.dels.push_back(keys::trashed(uid));
  transaction.dels.push_back(keys::redirect(as));
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return row;
}

Result<std::vector<TrashRow>> RepoTable::trash() const {
  std::vector<TrashRow> found;
  WAAG_CHECK(
      scan_rows(rows_, keys::all('q'), "", decode_trash, [&](std::string_view, TrashRow row) {
        found.push_back(std::move(row));
        return true;
      }));
  std::ranges::reverse(found);  // of one moment, the newer repo first
  std::ranges::stable_sort(found, std::ranges::greater(), &TrashRow::deleted);
  return found;
}

Result<std::vector<std::string>> RepoTable::redirects_to(std::uint64_t uid) const {
  std::vector<std::string> found;
  WAAG_CHECK(scan_rows(rows_, keys::all('R'), "", decode_redirect,
                       [&](std::string_view key, const RedirectRow& row) {
                         if (row.uid == uid) found.emplace_back(key);
                         return true;
                       }));
  return found;
}

}  // namespace waag::storage
