#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/http/routes.h"
#include "daemon/mirror/lookup.h"

namespace waag::daemon {

/// What a read request is about, as far as the mirror goes.
struct AskedRevision {
  RepoId repo;
  std::string revision;
  bool history = false;  // git's own protocol: it needs real commits
  /// nullopt: the route has nothing to do with an upstream's content.
  static std::optional<AskedRevision> of(const Route& route, const Request& request);
};

/// What is known before the handler runs.
struct Prepared {
  /// What the caller is told instead of "not found": the upstream's trouble, never its absence.
  std::optional<Error> trouble;
  /// The upstream could not be asked: what is here is so old.
  std::optional<std::chrono::seconds> stale;
  bool gone = false;  // the upstream does not have the repo any more
};

/// Says in a reply's headers how old what it shows is. Clients of the Hub show an X-HF-Warning to
/// their users.
void tell_age(const Prepared& prepared, Headers& headers);

/// Looks up what is asked for and not here, and asks again where branches are: once for all who
/// ask at the same time, no more often than the time to live says, and never in the way of what is
/// here. Thread-safe.
class PullThrough {
 public:
  enum class Who : std::uint8_t { anyone, users, admins, nobody };
  struct Options {
    Who who{Who::anyone};
    std::chrono::milliseconds ttl{60'000};           // of a branch
    std::chrono::milliseconds negative_ttl{30'000};  // of a 404
    std::chrono::milliseconds failure_ttl{2'000};    // of a failure, for what is here
    std::chrono::milliseconds wait{8'000};
    std::chrono::milliseconds wait_here{2'000};  // if an older answer is here
    std::chrono::milliseconds call{60'000};
    std::size_t threads = 16;
  };
  PullThrough(storage::Store& store, asio::thread_pool& blocking, storage::Clock& clock,
              Lookup& lookup, Options options);
  ~PullThrough();
  PullThrough(const PullThrough&) = delete;
  PullThrough& operator=(const PullThrough&) = delete;

  Task<Prepared> prepare(AskedRevision asked, Identity who);
  /// Whether the setting lets the caller bring something here.
  [[nodiscard]] bool may_trigger(const Identity& who) const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Local;   // what the store knows
  struct Answer;  // of one look at the upstream
  struct Entry {
    std::shared_ptr<Answer> running;
    Time fresh_until{};
    std::optional<Error> error;  // of the last look
  };
  Result<Local> look_here(const AskedRevision& asked) const;
  std::shared_ptr<Answer> start(const AskedRevision& asked, const std::string& key);
  Task<bool> wait_for(std::shared_ptr<Answer> answer, std::chrono::milliseconds limit);
  Status history_of(std::uint64_t uid);
  void finish(const std::string& key, const std::shared_ptr<Answer>& answer, Status status);
  [[nodiscard]] Prepared judge(const Local& local, const std::optional<Error>& error,
                               bool answered) const;
  void drop_old();

  storage::Store& store_;
  asio::thread_pool& blocking_;
  storage::Clock& clock_;
  Lookup& lookup_;
  const Options options_;
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  asio::thread_pool threads_;  // last: joined before the rest goes
};

}  // namespace waag::daemon
