#pragma once

#include <memory>
#include <vector>

#include "daemon/config.h"
#include "daemon/upstream/hub_client.h"

namespace waag::daemon {

/// The upstreams of the configuration, in its order, and the client that all of them share. With
/// none configured nothing is started and nothing ever calls out.
class Upstreams {
 public:
  /// Reads the token file. @return Errc::invalid_argument that names the setting
  static Result<std::unique_ptr<Upstreams>> make(const Config::Upstream& config,
                                                 storage::Clock& clock, storage::Random& random);
  ~Upstreams() {
    end();
    http_.reset();  // what ends with its thread still tells a hub's governor
  }
  Upstreams(const Upstreams&) = delete;
  Upstreams& operator=(const Upstreams&) = delete;

  [[nodiscard]] bool empty() const { return hubs_.empty(); }
  [[nodiscard]] const std::vector<std::unique_ptr<HubClient>>& all() const { return hubs_; }
  /// Those whose metadata is believed.
  [[nodiscard]] std::vector<HubClient*> trusted() const;
  /// Ends all calls, those that wait for their budget too, and makes none any more.
  void end();
  /// Not to be called if empty().
  [[nodiscard]] HttpClient& http() const { return *http_; }

 private:
  Upstreams() = default;

  std::unique_ptr<HttpClient> http_;
  std::vector<std::unique_ptr<HubClient>> hubs_;
};

}  // namespace waag::daemon
