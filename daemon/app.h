#pragma once

#include <memory>
#include <string>

#include "daemon/async.h"
#include "daemon/config.h"
#include "storage/os/clock.h"
#include "storage/store.h"

namespace waag::daemon {

class Authenticator;  // daemon/auth/authenticator.h
class Log;            // daemon/observe/log.h
class Metrics;        // daemon/observe/metrics.h

class Passwords;  // daemon/auth/secrets/passwords.h
std::shared_ptr<Passwords> make_passwords();
class Catalog;  // daemon/catalog/catalog.h
std::shared_ptr<Catalog> make_catalog(storage::Store& store, storage::Clock& clock);

class HubKey;  // daemon/auth/secrets/hub_key.h
std::shared_ptr<HubKey> make_hub_key(const Config& config, storage::Random& random);
class Uploads;  // daemon/api/lfs/uploads.h
std::shared_ptr<Uploads> make_uploads();
class RateLimiter;  // daemon/auth/rate_limiter.h
std::shared_ptr<RateLimiter> make_rate_limiter(const Config& config, storage::Clock& clock);

class Mirror;  // daemon/mirror/mirror.h
class Jobs;    // daemon/jobs/jobs.h
std::shared_ptr<Jobs> make_jobs(storage::Store& store, storage::Clock& clock, Log& log);

/// Every long-lived part, built by main and passed down. References outlive every request.
struct App {
  const Config& config;
  storage::Store& store;
  asio::thread_pool& blocking;  // for every call into the store
  storage::Clock& clock;
  storage::Random& random;
  Authenticator& auth;
  Metrics& metrics;
  Log& log;
  std::string href_key;  // 32 random bytes of this store: signs LFS hrefs (DATA/href.key, 0600)
  std::shared_ptr<HubKey> hub_key = make_hub_key(config, random);  // signs certificates
  std::shared_ptr<Uploads> uploads = make_uploads();  // multipart uploads on their way in
  std::shared_ptr<Passwords> passwords = make_passwords();
  std::shared_ptr<RateLimiter> rate_limiter = make_rate_limiter(config, clock);
  std::shared_ptr<Catalog> catalog = make_catalog(store, clock);  // what lists know of all repos
  std::shared_ptr<Mirror> mirror{};                               // null: no upstream
  /// Works once it is started. Last: its threads end before what their work uses.
  std::shared_ptr<Jobs> jobs = make_jobs(store, clock, log);
};

}  // namespace waag::daemon
