#pragma once

#include "daemon/upstream/history/history.h"
#include "daemon/upstream/hub_client.h"

namespace waag::daemon {

/// A history by raw objects (protocol/git/stream/raw_writer.h) from a hub of our kind, under
/// /api/waag/v1/repos. Its calls are governed like those of the hub's client.
class RawSource final : public HistorySource {
 public:
  /// What an upstream's answer to refs() says of the route.
  enum class Offer : std::uint8_t {
    open,     // it is there, or there was no answer that says anything
    refused,  // not for this repository; git may say why
    unknown,  // the upstream is no hub of our kind, or an older one
  };
  /// @param repo  as the upstream calls it
  RawSource(HubClient& hub, const RepoId& repo, std::size_t queue_bytes = history_queue_bytes);

  Result<git::RefAdvertisement> refs(const Until& until) override;
  Status pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
              const Until& until, const Take& take) override;

  [[nodiscard]] Offer offer() const { return offer_; }

 private:
  UpstreamRequest call(std::string_view path) const;

  HubClient& hub_;
  std::string url_;  // of the repository under /api/waag/v1/repos
  const std::size_t queue_bytes_;
  Offer offer_{Offer::open};
};

}  // namespace waag::daemon
