#pragma once

#include <memory>
#include <string>

#include "daemon/config.h"
#include "daemon/observe/log.h"
#include "protocol/result.h"

namespace waag::daemon {

/// The running hub: builds every part in the order that shutdown reverses (STYLE 5, 6).
class Daemon {
 public:
  /// Opens the store, makes the first admin, starts to serve, writes DATA/waagd.address.
  /// Errc::conflict if the store or the port is in use.
  static Result<std::unique_ptr<Daemon>> start(const Config& config, Log& log);
  virtual ~Daemon() = default;
  /// "127.0.0.1:8080", with the port really used.
  [[nodiscard]] virtual const std::string& address() const = 0;
  /// Stops accepting, drains, cancels, joins the pools, closes the store. To be called once.
  virtual Status stop() = 0;
};

/// `level` and `format` as config check() lets them in.
Log::Options log_options(const Config& config);

}  // namespace waag::daemon
