#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "daemon/upstream/hub_client.h"

namespace waag::daemon {

/// What opens an upstream's Xet server for one repo.
struct XetToken {
  std::string cas_url;  // without a slash at its end
  Secret token;         // for the origin of cas_url alone
  std::chrono::seconds expires{0};
};

/// Tokens of upstreams, one for all files of a commit, asked for anew shortly before they expire.
/// Thread-safe.
class XetTokens {
 public:
  explicit XetTokens(storage::Clock& clock) : clock_(clock) {}

  /// Blocks; who wants the same token meanwhile waits, and is told of a failure without another
  /// try. Errors as of HubClient.
  Result<XetToken> get(HubClient& hub, const RepoId& repo, const CommitId& commit,
                       const UpstreamCall& call);
  /// Whether that hub has given one since the start.
  [[nodiscard]] bool has_given(const HubClient& hub) const;
  /// It was refused: the next get() asks for another.
  void forget(const HubClient& hub, const RepoId& repo, const CommitId& commit);

 private:
  struct Entry {
    std::mutex mutex;
    XetToken token;              // none: expires at 0
    std::optional<Error> error;  // of the last call
    std::chrono::steady_clock::time_point failed{};
  };
  static Result<XetToken> ask(HubClient& hub, UpstreamRequest request, const UpstreamCall& call);
  std::shared_ptr<Entry> entry(const std::string& url);

  storage::Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::set<std::string> givers_;  // base URLs
};

/// One try: where Xet fails there is plain HTTP.
inline UpstreamCall single_call(std::chrono::milliseconds time) {
  UpstreamCall call;
  call.deadline = std::chrono::steady_clock::now() + time;
  call.once = true;
  return call;
}

/// The answer of an upstream's xet-read-token. Errc::upstream_failed if it is none.
/// Source: XET 6.1.
Result<XetToken> parse_xet_token(std::string_view json);

}  // namespace waag::daemon
