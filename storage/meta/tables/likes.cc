#include "storage/meta/tables/likes.h"

#include "storage/meta/tables/repos.h"

namespace waag::storage {
namespace {

/// Likes of one repo that may come first before we give up: each changes its number.
constexpr int attempts_max = 64;
constexpr std::size_t step_rows_max = 5'000;

Result<std::uint64_t> number_of(const std::optional<std::string>& value) {
  if (!value) return std::uint64_t{0};
  return decode_counter(*value);
}

}  // namespace

Status LikeTable::set(const RepoRow& repo, std::string_view user, bool liked, TimeMs at) {
  const auto key = keys::like(repo.uid, user);
  const auto count_key = keys::like_count(repo.uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const std::vector<std::string> wanted{key, count_key, keys::repo_uid(repo.uid)};
    WAAG_TRY(const auto rows, rows_.get_many(wanted));
    if (!rows[2]) return fail(Errc::repo_not_found, "the repo is gone");
    if (rows[0].has_value() == liked) return ok();
    WAAG_TRY(const auto count, number_of(rows[1]));
    if (!liked && count == 0) return fail(Errc::corrupt, "a like that was not counted");
    Transaction transaction;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      transaction.expects.push_back({wanted[i], rows[i]});
    if (liked) {
      transaction.puts.push_back({key, encode(LikeRow{at})});
      transaction.puts.push_back({keys::user_like(user, repo.uid), encode(LikeRow{at})});
      transaction.puts.push_back({count_key, encode_counter(count + 1)});
    } else {
      transaction.dels.push_back(key);
      transaction.dels.push_back(keys::user_like(user, repo.uid));
      if (count > 1)
        transaction.puts.push_back({count_key, encode_counter(count - 1)});
      else
        transaction.dels.push_back(count_key);
    }
    const auto applied = rows_.apply(std::move(transaction));
    if (applied) return ok();
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return fail(Errc::unavailable, "likes of the repo change all the time");
}

Result<bool> LikeTable::has(std::uint64_t uid, std::string_view user) const {
  WAAG_TRY(const auto row, rows_.get(keys::like(uid, user)));
  return row.has_value();
}

Result<std::uint64_t> LikeTable::count(std::uint64_t uid) const {
  WAAG_TRY(const auto row, rows_.get(keys::like_count(uid)));
  return number_of(row);
}

Result<std::vector<LikeTable::Liker>> LikeTable::of_repo(std::uint64_t uid, std::string_view after,
                                                         std::size_t limit) const {
  std::vector<Liker> found;
  if (limit == 0) return found;
  const auto prefix = keys::likes(uid);
  std::string first;
  if (!after.empty()) first = keys::like(uid, after) + '\0';  // the key right after it
  WAAG_CHECK(
      scan_rows(rows_, prefix, first, decode_like, [&](std::string_view key, const LikeRow& row) {
        found.push_back({std::string(key.substr(prefix.size())), row.at});
        return found.size() < limit;
      }));
  return found;
}

Result<std::vector<LikeTable::Liked>> LikeTable::of_user(std::string_view user, std::uint64_t after,
                                                         std::size_t limit) const {
  std::vector<Liked> found;
  if (limit == 0) return found;
  WAAG_CHECK(scan_rows(rows_, keys::user_likes(user), keys::user_like(user, after + 1), decode_like,
                       [&](std::string_view key, const LikeRow& row) {
                         found.push_back({keys::last_number(key), row.at});
                         return found.size() < limit;
                       }));
  return found;
}

Status LikeTable::remove_all(std::uint64_t uid) {
  while (true) {
    WAAG_TRY(const auto likers, of_repo(uid, "", step_rows_max));
    Transaction transaction;
    for (const auto& liker : likers) {
      transaction.dels.push_back(keys::like(uid, liker.user));
      transaction.dels.push_back(keys::user_like(liker.user, uid));
    }
    const bool last = likers.size() < step_rows_max;
    if (last) transaction.dels.push_back(keys::like_count(uid));
    WAAG_CHECK(rows_.apply(std::move(transaction)));
    if (last) return ok();
  }
}

}  // namespace waag::storage
