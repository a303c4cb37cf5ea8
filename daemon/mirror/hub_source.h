#pragma once

#include <mutex>

#include "daemon/mirror/fill/byte_source.h"
#include "daemon/upstream/hub_client.h"

namespace waag::daemon {

/// A file of one upstream, by plain HTTP. Every first call goes through the hub, within its budget;
/// where that leads (a file server, by a signed URL) is asked directly for the next parts.
class HubSource final : public ByteSource, public std::enable_shared_from_this<HubSource> {
 public:
  struct File {
    RepoId repo;  // as the upstream calls it
    CommitId commit;
    std::string path;
    std::uint64_t size_bytes = 0;
  };
  HubSource(HubClient& hub, File file, std::chrono::milliseconds wait);

  std::shared_ptr<HttpClient::Transfer> fetch(storage::Stretch part,
                                              std::shared_ptr<UpstreamSink> sink,
                                              std::shared_ptr<const Throttle> throttle) override;
  [[nodiscard]] bool trusted() const override { return hub_.trusted(); }
  [[nodiscard]] const std::string& name() const override { return hub_.base_url(); }

 private:
  class Watch;  // what the governor and this learn of a transfer
  std::optional<UpstreamRequest> direct_request() const;
  void learn(const UpstreamReply& reply);
  void forget_direct();

  HubClient& hub_;
  const File file_;
  const std::chrono::milliseconds wait_;
  mutable std::mutex mutex_;
  std::string direct_url_;  // "" = not known, or of no use any more
  std::chrono::steady_clock::time_point direct_until_{};
};

}  // namespace waag::daemon
