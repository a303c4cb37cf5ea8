#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/auth/rights.h"
#include "daemon/http/message.h"
#include "storage/meta/jobs/job_row.h"
#include "storage/os/clock.h"
#include "storage/store.h"

namespace waag::daemon {

/// Says who sent a request, from its Authorization header (Bearer, or Basic with the token as
/// password). Keeps a bounded cache of token and user rows and of the user's rights, so that a
/// known caller costs no store access. Thread-safe.
class Authenticator {
 public:
  Authenticator(storage::Store& store, asio::thread_pool& blocking, storage::Clock& clock)
      : store_(store), blocking_(blocking), clock_(clock) {}

  /// Anonymous without a header; anonymous with had_bad_credentials for anything that is not a live
  /// token of an enabled user. An Error only if the store failed.
  Task<Result<Identity>> identify(std::optional<std::string> authorization);

  /// The same for a token that somebody else vouches for by its public id: what the hub itself
  /// signed for its holder. Anonymous for "".
  Task<Result<Identity>> identify_holder(std::string public_id);

  /// Who asked for a job, with the rights of now and past the cache: minutes or days may lie
  /// between asking and doing. Without a token (a rule's job) the user's own rights count. Blocks.
  /// @return Errc::forbidden if the token is not there or valid any more, or the user disabled
  Result<Identity> recall(const storage::JobAsker& asker) const;

  /// To be called after a token was deleted, a user or what the user may do changed, or what many
  /// may do changed: later requests see the new rows.
  void forget_token(std::string_view public_id);
  void forget_user(std::string_view user);
  void forget_all();

 private:
  struct Entry {
    storage::TokenRow token;
    storage::UserRow user;
    std::shared_ptr<const Rights> rights;
  };
  std::optional<Entry> cached(std::string_view public_id);
  Result<std::optional<Entry>> load(std::string_view public_id);
  Result<std::optional<Entry>> read(std::string_view public_id) const;
  Task<Result<std::optional<Entry>>> find(std::string public_id);
  Identity judge(const Entry& entry) const;

  storage::Store& store_;
  asio::thread_pool& blocking_;
  storage::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::uint64_t generation_ =
      0;  // moves with each forget: a row read before it is not kept after it
};

}  // namespace waag::daemon
