#pragma once

#include <memory>
#include <string>

#include "daemon/upstream/http_client.h"
#include "storage/fill/intervals.h"

namespace waag::daemon {

/// One place where a file's bytes can be had. Thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Starts to bring a part of the file: the sink gets begin() once, then exactly these bytes, then
  /// done(). Returns at once. @param throttle  of what it takes from upstreams; null: none
  virtual std::shared_ptr<HttpClient::Transfer> fetch(storage::Stretch part,
                                                      std::shared_ptr<UpstreamSink> sink,
                                                      std::shared_ptr<const Throttle> throttle) = 0;
  /// How much of the file need not travel, as it is here in other files. Asks the upstream; blocks.
  virtual Result<std::uint64_t> known_bytes() { return 0; }
  /// The bytes were not the file's. @return whether it has another way to get them, and takes that
  /// from now on
  virtual bool change_way() { return false; }
  /// The file is whole, verified and stored. May block.
  virtual void filled() {}
  /// Whether parts may be passed on before the whole file is verified.
  [[nodiscard]] virtual bool trusted() const = 0;
  [[nodiscard]] virtual const std::string& name() const = 0;  // for the log
};

}  // namespace waag::daemon
