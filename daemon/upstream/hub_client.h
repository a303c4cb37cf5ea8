#pragma once

#include <memory>

#include "daemon/upstream/governor.h"
#include "daemon/upstream/http_client.h"
#include "daemon/upstream/hub_replies.h"

namespace waag::daemon {

/// A text that only who asks for it by this name gets to see.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::string& reveal() const { return text_; }

 private:
  std::string text_;
};

/// How long a caller waits, tries and waiting for the budget included, and who it is.
struct UpstreamCall {
  std::chrono::steady_clock::time_point deadline;
  UpstreamPriority priority = UpstreamPriority::demand;
  bool once = false;  // a failure is not tried again
};

/// One upstream hub: its metadata, and where its files are. Every call goes through the governor
/// and is tried again if its failure may pass. Blocks; thread-safe.
///
/// Errors: Errc::repo_not_found, revision_not_found, entry_not_found, gated and disabled as the
/// upstream says; too_many_requests, deadline_exceeded and upstream_failed say nothing of the
/// repository.
class HubClient {
 public:
  using Millis = std::chrono::milliseconds;
  struct Options {
    std::string base_url;  // may have a path
    Secret token;
    bool trusted = true;  // its metadata is believed
    unsigned retries = 4;
    Millis retry_base{500};
    Millis call_time{60'000};  // of one try
  };

  /// @return Errc::invalid_argument if the base URL is none
  static Result<std::unique_ptr<HubClient>> make(Options options, HttpClient& http,
                                                 std::shared_ptr<Governor> governor);

  /// @param revision  branch, tag, hash or full ref
  /// @param etag      of the last answer, or ""
  /// @return nullopt: as the last answer said
  Result<std::optional<UpstreamRevision>> revision(const RepoId& repo, std::string_view revision,
                                                   std::string_view etag, const UpstreamCall& call);
  /// All files and directories.
  Result<std::vector<UpstreamEntry>> tree(const RepoId& repo, const CommitId& commit,
                                          const UpstreamCall& call);
  Result<UpstreamRefs> refs(const RepoId& repo, bool pull_requests, const UpstreamCall& call);
  /// The first page, newest first.
  Result<std::vector<UpstreamCommit>> commits(const RepoId& repo, std::string_view revision,
                                              const UpstreamCall& call);
  /// All repos of a namespace, as this token sees them; none if there is no such namespace.
  Result<std::vector<RepoId>> repos_of(RepoType type, std::string_view ns,
                                       const UpstreamCall& call);
  /// A call of the caller's own to this upstream, governed and tried again like the others.
  /// `request.url` is absolute; of a success or not, the reply is the answer.
  Result<UpstreamReply> fetch(UpstreamBucket bucket, UpstreamRequest request,
                              const UpstreamCall& call);

  /// GET of a file or a part of it, for HttpClient::stream. Who sends it asks governor() first
  /// (UpstreamBucket::resolvers) and tells it how it went.
  [[nodiscard]] UpstreamRequest file_request(const RepoId& repo, const CommitId& commit,
                                             std::string_view path,
                                             std::optional<http::ByteRange> range = {}) const;
  [[nodiscard]] std::string file_url(const RepoId& repo, const CommitId& commit,
                                     std::string_view path) const;
  [[nodiscard]] std::string git_url(const RepoId& repo) const;  // without .git
  /// Values of Authorization; "" without a token.
  [[nodiscard]] std::string authorization() const;
  [[nodiscard]] std::string git_authorization() const;  // git's routes know Basic alone

  [[nodiscard]] const std::string& base_url() const { return options_.base_url; }
  [[nodiscard]] bool trusted() const { return options_.trusted; }
  [[nodiscard]] Governor& governor() const { return *governor_; }
  [[nodiscard]] HttpClient& http() const { return http_; }

 private:
  using Clock = std::chrono::steady_clock;

  HubClient(Options options, HttpClient& http, std::shared_ptr<Governor> governor)
      : options_(std::move(options)), http_(http), governor_(std::move(governor)) {}
  Result<UpstreamReply> try_once(UpstreamBucket bucket, const UpstreamRequest& request,
                                 Clock::time_point deadline);
  void tell_governor(UpstreamBucket bucket, const Result<UpstreamReply>& reply, Millis given);
  Result<UpstreamReply> get(const std::string& url, const UpstreamCall& call,
                            std::string_view etag = "");
  [[nodiscard]] std::string api_url(const RepoId& repo) const;
  [[nodiscard]] Result<std::string> next_page(const UpstreamReply& reply) const;

  const Options options_;
  HttpClient& http_;
  std::shared_ptr<Governor> governor_;
};

}  // namespace waag::daemon
