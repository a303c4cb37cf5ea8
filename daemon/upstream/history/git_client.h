#pragma once

#include "daemon/upstream/history/history.h"

namespace waag::daemon {

/// A history by git's protocol 0 over HTTP, in one round. Source: git, gitprotocol-http(5).
class GitSource final : public HistorySource {
 public:
  struct Options {
    std::string url;            // of the repository: "https://host/datasets/acme/words"
    std::string authorization;  // value of the header; "": none is sent
    std::size_t queue_bytes = history_queue_bytes;
  };
  GitSource(HttpClient& http, Options options) : http_(http), options_(std::move(options)) {}

  Result<git::RefAdvertisement> refs(const Until& until) override;
  Status pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
              const Until& until, const Take& take) override;

 private:
  Result<UpstreamRequest> call(std::string url, const Until& until) const;

  HttpClient& http_;
  Options options_;
  std::vector<std::string_view> capabilities_;  // of the upstream's those that we use
};

}  // namespace waag::daemon
