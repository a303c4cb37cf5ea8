#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "daemon/upstream/http_client.h"
#include "daemon/upstream/wire/curl.h"
#include "daemon/upstream/wire/hop_rules.h"
#include "daemon/upstream/wire/reply_head.h"

namespace waag::daemon {

/// What all transfers of a client share.
struct WireSettings {
  HttpClient::Options options;
  HopRules rules;
};

/// How a body travels: short ones share a connection by HTTP/2 where the peer can, files have one
/// of their own, so that pausing one holds back its socket and not its neighbours'.
enum class BodyKind : std::uint8_t { reply, file };

/// One call with all its hops on one libcurl handle. Lives on the client's thread alone.
class WireTransfer {
 public:
  using Clock = std::chrono::steady_clock;

  WireTransfer(const WireSettings& settings, UpstreamRequest request,
               std::shared_ptr<UpstreamSink> sink, BodyKind kind);
  WireTransfer(const WireTransfer&) = delete;
  WireTransfer& operator=(const WireTransfer&) = delete;

  [[nodiscard]] CURL* easy() { return easy_.get(); }
  /// Makes the handle ready for the first hop.
  Status start();
  /// libcurl is done with a hop. @return true: the handle is ready for the next one; false: the
  /// call is over, with outcome()
  bool end_hop(CURLcode code);
  [[nodiscard]] const Status& outcome() const { return outcome_; }
  /// A callback has ended the hop where libcurl does not tell: while a pause ended.
  [[nodiscard]] bool hop_is_over() const { return error_ || enough_; }
  /// Tells the sink. To be called once the handle is out of libcurl's hands.
  void finish(Status status);

  /// @return Errc::deadline_exceeded if nothing came for too long, or the call takes too long
  [[nodiscard]] Status check_time(Clock::time_point now) const;
  /// When check_time() could fail if nothing comes.
  [[nodiscard]] Clock::time_point next_check() const;
  /// The sink takes more.
  void resume();
  /// What may come until the next grant, where the rate is limited; more has been read than was
  /// granted before: that is taken off.
  void grant(std::uint64_t bytes);
  /// Whether it waits for its throttle, which tells nobody when that opens.
  [[nodiscard]] bool is_throttled() const { return throttled_; }
  void look_at_throttle(Clock::time_point now);

 private:
  Status check_request() const;
  Status prepare();
  Status set_headers();
  void set_method();
  void set_connection();
  void set_limits();
  Status follow();
  Status take_head_line(std::string_view line);
  Status take_head();
  Status take_body(ByteView bytes);
  void moved(std::size_t bytes);  // something came
  void pause_if_needed();
  [[nodiscard]] bool paused() const { return sink_full_ || no_grant_ || throttled_; }
  [[nodiscard]] bool has_rate() const;
  void go_on();
  std::size_t guarded(std::size_t bytes, Status status);
  bool allows(const boost::asio::ip::address& address);

  static std::size_t on_header(char* data, std::size_t, std::size_t bytes, void* self);
  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  const WireSettings& settings_;
  UpstreamRequest request_;
  std::shared_ptr<UpstreamSink> sink_;
  const BodyKind kind_;
  CurlEasy easy_;
  CurlList header_list_;
  HopUrl hop_;
  unsigned hops_ = 0;
  bool at_home_ = true;  // no redirect has left the origin of the request's URL
  ReplyHead head_;
  UpstreamReply reply_;
  BodyPlan plan_;
  bool redirecting_ = false;
  bool began_ = false;      // the sink has the head
  bool enough_ = false;     // all that is wanted has come
  bool sink_full_ = false;  // paused until resume()
  bool no_grant_ = false;   // paused until the next grant()
  bool throttled_ = false;  // paused until look_at_throttle() finds it open
  std::int64_t granted_ = 0;
  std::uint64_t received_ = 0;  // of this hop's body
  std::string refused_;         // address that was not connected to
  std::optional<Error> error_;  // of a callback
  Status outcome_;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point last_move_ = started_;
  std::uint64_t since_move_ = 0;
};

}  // namespace waag::daemon
