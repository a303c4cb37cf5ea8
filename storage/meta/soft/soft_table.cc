#include "storage/meta/soft/soft_table.h"

namespace waag::storage {
namespace {

/// Deletions of repos of one batch that may come between.
constexpr int attempts_max = 16;

}  // namespace

Result<std::optional<std::string>> SoftTable::find(std::uint64_t uid) const {
  return rows_.get(key_(uid));
}

Status SoftTable::put(const Values& values) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    Transaction transaction;
    for (const auto& [uid, value] : values) {
      WAAG_TRY(auto alive, rows_.get(keys::repo_uid(uid)));
      if (!alive) continue;
      transaction.expects.push_back({keys::repo_uid(uid), std::move(alive)});
      transaction.puts.push_back({key_(uid), value});
    }
    if (transaction.puts.empty()) return ok();
    const auto applied = rows_.apply(std::move(transaction));
    if (applied) return ok();
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return fail(Errc::unavailable, "repos are deleted all the time");
}

}  // namespace waag::storage
