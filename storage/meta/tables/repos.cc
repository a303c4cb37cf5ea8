#include "storage/meta/tables/repos.h"

namespace waag::storage {
namespace {

constexpr std::string_view uid_counter = "repo_uid";
/// Writers of one repo row that came first before change() gives up.
constexpr int attempts_max = 16;

Error no_such_repo(std::string what) { return fail(Errc::repo_not_found, std::move(what)); }

}  // namespace

Result<RepoRow> RepoTable::find(const RepoId& id) const {
  WAAG_TRY(auto row, get_row(rows_, keys::repo(id), decode_repo));
  if (!row) return no_such_repo("no repo " + id.full_name());
  return *std::move(row);
}

Result<RepoRow> RepoTable::find_uid(std::uint64_t uid) const {
  WAAG_TRY(const auto key, get_row(rows_, keys::repo_uid(uid), decode_plain_row));
  if (!key) return no_such_repo("no repo with uid " + std::to_string(uid));
  WAAG_TRY(auto row, get_row(rows_, *key, decode_repo));
  // Deleted between the two reads, or the name belongs to a newer repo already.
  if (!row || row->uid != uid) return no_such_repo("no repo with uid " + std::to_string(uid));
  return *std::move(row);
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

Result<RepoRow> RepoTable::change(std::uint64_t uid, const RepoSettings& settings) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(auto row, find_uid(uid));
    Transaction transaction;
    expect_alive(transaction, row);
    // As it is stored: a row of an older version is not what encode() gives.
    WAAG_TRY(auto stored, rows_.get(keys::repo(row.id)));
    if (!stored) continue;  // deleted or moved between the two reads
    WAAG_TRY(row, decode_repo(*stored));
    if (row.uid != uid) continue;
    transaction.expects.push_back({keys::repo(row.id), std::move(stored)});
    row.visibility = settings.visibility.value_or(row.visibility);
    row.gate = settings.gate.value_or(row.gate);
    row.disabled = settings.disabled.value_or(row.disabled);
    row.discussions_disabled = settings.discussions_disabled.value_or(row.discussions_disabled);
    transaction.puts.push_back({keys::repo(row.id), encode(row)});
    const auto applied = rows_.apply(std::move(transaction));
    if (applied) return row;
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return fail(Errc::unavailable, "repo row changes all the time");
}

}  // namespace waag::storage
