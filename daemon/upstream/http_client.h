#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/message.h"
#include "daemon/upstream/throttle.h"
#include "protocol/http/byte_range.h"

namespace waag::daemon {

/// One call to another hub. Redirects are followed by the client itself, at most redirects_max,
/// each hop checked: scheme, host, port, address. `Authorization` and `Cookie` go to the origin of
/// `url` alone, and no more once a redirect has left it. A POST follows 307 and 308 only.
struct UpstreamRequest {
  std::string method = "GET";
  std::string url;  // absolute
  Headers headers;  // Accept-Encoding: identity is added
  std::string body;
  /// Taken for an answer: a 206 of exactly this range; for a range from byte 0 also a 200, of which
  /// no more than the range is read; and what is no success (status >= 300).
  std::optional<http::ByteRange> range;
  /// Sent as the Range header, but the answer is a body of its own: a Xet reconstruction.
  std::optional<http::ByteRange> range_asked;
  bool follow = true;  // false: a redirect is the answer
  /// fetch(): of the body; a longer one is Errc::upstream_failed.
  std::size_t body_bytes_max = 32u << 20;
  /// For the whole call; zero: none, only the idle time counts (bodies of files).
  std::chrono::milliseconds time_max{0};
  /// What the body keeps to, besides Options::rate_bytes; null: nothing.
  std::shared_ptr<const Throttle> throttle{};
};

struct UpstreamReply {
  unsigned status = 0;
  Headers headers;   // of the last hop
  Headers first;     // of the first hop: X-Repo-Commit, X-Linked-Etag, X-Xet-Hash stand there
  std::string url;   // of the last hop
  std::string body;  // fetch() only
};

/// Takes a body as it comes, on the client's thread: it must be quick. After `done` nothing comes.
class UpstreamSink {
 public:
  virtual ~UpstreamSink() = default;
  /// Once, before the first byte; an error ends the transfer with it.
  virtual Status begin(const UpstreamReply& reply) = 0;
  virtual Status write(ByteView bytes) = 0;
  /// ok: the body came whole, as long as it was announced.
  virtual void done(Status status) = 0;
  /// Asked after each write. true: the transfer pauses, and the peer with it, until
  /// Transfer::resume(); what was read already (256 KiB at most) still comes. A pause is no idle
  /// time.
  virtual bool full() { return false; }
};

/// HTTP to upstreams: one thread, one connection pool, any number of transfers. Every HTTP status
/// is an answer; what fails below it is Errc::upstream_failed (no connection, cut or malformed
/// reply, a redirect that is not allowed) or Errc::deadline_exceeded. Thread-safe, but a sink may
/// not call fetch() nor let go of the client: it would wait for itself.
///
/// Addresses are checked when a connection is made, whatever name led there. With a proxy they are
/// checked only where a URL names one: the proxy, which the configuration names, is the only peer,
/// and it alone knows where a host name leads.
class HttpClient {
 public:
  struct Options {
    std::vector<std::string> origins;           // of the upstreams: "https://host", "http://a:8080"
    std::vector<std::string> redirect_hosts;    // patterns, * for any part
    std::vector<std::string> private_networks;  // "10.0.0.0/8"
    std::string ca_file;                        // PEM, instead of the system's authorities
    std::string proxy;                          // "": none, also not the environment's
    std::chrono::milliseconds connect_time{10'000};
    std::chrono::milliseconds idle_time{30'000};
    /// Fewer bytes than this in idle_time are as good as none: one byte a second holds a transfer
    /// for ever.
    std::uint64_t idle_bytes = 1024;
    std::uint64_t rate_bytes = 0;  // of all transfers together, a second; 0: any
  };
  static constexpr unsigned redirects_max = 5;
  static Result<std::unique_ptr<HttpClient>> start(Options options);
  virtual ~HttpClient() = default;  // end(), and waits for it
  /// Ends what runs, and all that is asked for later, with Errc::unavailable: at shutdown. Does not
  /// wait; may be called again.
  virtual void end() = 0;

  /// Waits for the whole reply.
  virtual Result<UpstreamReply> fetch(const UpstreamRequest& request) = 0;
  /// Returns at once; dropping the handle lets the transfer run on.
  class Transfer {
   public:
    virtual ~Transfer() = default;
    virtual void cancel() = 0;  // done() is called with Errc::unavailable
    virtual void resume() {}    // after UpstreamSink::full()
  };
  virtual std::shared_ptr<Transfer> stream(UpstreamRequest request,
                                           std::shared_ptr<UpstreamSink> sink) = 0;
};

}  // namespace waag::daemon
