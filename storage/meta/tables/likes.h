#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows i and I: who likes which repo, both ways, and how many do. Thread-safe.
class LikeTable {
 public:
  explicit LikeTable(RowStore& rows) : rows_(rows) {}

  /// Adds or removes the user's like; ok if that is how it is already. Errc::repo_not_found if the
  /// repo is gone.
  Status set(const RepoRow& repo, std::string_view user, bool liked, TimeMs at);
  Result<bool> has(std::uint64_t uid, std::string_view user) const;
  Result<std::uint64_t> count(std::uint64_t uid) const;

  struct Liker {
    std::string user;  // folded
    TimeMs at{};
  };
  /// By name, after `after` (exclusive), at most `limit`.
  Result<std::vector<Liker>> of_repo(std::uint64_t uid, std::string_view after,
                                     std::size_t limit) const;
  struct Liked {
    std::uint64_t uid = 0;  // may lie in the trash
    TimeMs at{};
  };
  /// By uid, after `after` (exclusive), at most `limit`.
  Result<std::vector<Liked>> of_user(std::string_view user, std::uint64_t after,
                                     std::size_t limit) const;
  /// Of a repo that is being deleted; in bounded steps.
  Status remove_all(std::uint64_t uid);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
