#include "daemon/upstream/http_client.h"

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include <signal.h>

#include "daemon/upstream/wire/transfer.h"

namespace waag::daemon {
namespace {

/// Connections kept open between calls.
constexpr long idle_connections_max = 64;
/// The loop looks at its clocks at least so often.
constexpr std::chrono::milliseconds wait_max{1000};
/// How often transfers are told what they may take of a limited rate, and throttles looked at.
constexpr std::chrono::milliseconds grant_every{50};

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

/// What other threads want of the client's thread. Outlives the client in its transfers' handles.
class Inbox {
 public:
  struct Order {
    enum class Kind : std::uint8_t { start, cancel, resume };
    Kind kind{Kind::start};
    std::uint64_t id = 0;
    std::unique_ptr<WireTransfer> transfer;  // to start
  };

  explicit Inbox(CURLM* multi) : multi_(multi) {}
  /// @return false once closed; the order is dropped
  bool push(Order& order) {
    const std::scoped_lock lock(mutex_);
    if (multi_ == nullptr) return false;
    orders_.push_back(std::move(order));
    curl_multi_wakeup(multi_);
    return true;
  }
  std::vector<Order> take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(orders_, {});
  }
  /// After this nothing comes, and libcurl's handle is not used.
  std::vector<Order> close() {
    const std::scoped_lock lock(mutex_);
    multi_ = nullptr;
    return std::exchange(orders_, {});
  }
  void stop() {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (multi_ != nullptr) curl_multi_wakeup(multi_);
  }
  [[nodiscard]] bool stopping() const {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  }

 private:
  mutable std::mutex mutex_;
  CURLM* multi_;
  std::vector<Order> orders_;
  bool stopping_ = false;
};

class Handle final : public HttpClient::Transfer {
 public:
  Handle(std::shared_ptr<Inbox> inbox, std::uint64_t id) : inbox_(std::move(inbox)), id_(id) {}
  void cancel() override { send(Inbox::Order::Kind::cancel); }
  void resume() override { send(Inbox::Order::Kind::resume); }

 private:
  void send(Inbox::Order::Kind kind) {
    Inbox::Order order;
    order.kind = kind;
    order.id = id_;
    inbox_->push(order);
  }

  std::shared_ptr<Inbox> inbox_;
  std::uint64_t id_;
};

/// Gathers a whole reply for fetch().
class Collector final : public UpstreamSink {
 public:
  explicit Collector(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  Status begin(const UpstreamReply& reply) override {
    reply_ = reply;
    return ok();
  }
  Status write(ByteView bytes) override {
    if (bytes.size() > bytes_max_ - reply_.body.size())
      return fail(Errc::upstream_failed, "reply longer than " + std::to_string(bytes_max_));
    reply_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return ok();
  }
  void done(Status status) override {
    if (status)
      whole_.set_value(std::move(reply_));
    else
      whole_.set_value(std::move(status).error());
  }
  Result<UpstreamReply> wait() { return whole_.get_future().get(); }

 private:
  std::size_t bytes_max_;
  UpstreamReply reply_;
  std::promise<Result<UpstreamReply>> whole_;
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(WireSettings settings, CurlMulti multi)
      : settings_(std::move(settings)),
        multi_(std::move(multi)),
        inbox_(std::make_shared<Inbox>(multi_.get())) {
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, idle_connections_max);
    thread_ = std::jthread([this] { run(); });
  }
  ~CurlClient() override {
    inbox_->stop();
    thread_.join();
  }
  void end() override { inbox_->stop(); }

  Result<UpstreamReply> fetch(const UpstreamRequest& request) override;
  std::shared_ptr<Transfer> stream(UpstreamRequest request,
                                   std::shared_ptr<UpstreamSink> sink) override;

 private:
  using Clock = WireTransfer::Clock;
  using Running = std::map<std::uint64_t, std::unique_ptr<WireTransfer>>;

  std::uint64_t submit(UpstreamRequest request, std::shared_ptr<UpstreamSink> sink, BodyKind kind);

  // On the client's thread:
  void run();
  void obey(std::vector<Inbox::Order> orders);
  void begin(std::uint64_t id, std::unique_ptr<WireTransfer> transfer);
  void collect_ended();
  void end_hop(Running::iterator at, CURLcode code);
  void end_late();
  void end(Running::iterator at, Status status);
  void grant_rate();
  void look_at_throttles();
  [[nodiscard]] int wait_ms() const;

  const WireSettings settings_;
  CurlMulti multi_;
  std::shared_ptr<Inbox> inbox_;
  std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  Running running_;
  Clock::time_point last_grant_ = Clock::now();
  std::jthread thread_;  // last: it uses the others
};

Result<UpstreamReply> CurlClient::fetch(const UpstreamRequest& request) {
  auto collector = std::make_shared<Collector>(request.body_bytes_max);
  submit(request, collector, BodyKind::reply);
  return collector->wait();
}

std::shared_ptr<HttpClient::Transfer> CurlClient::stream(UpstreamRequest request,
                                                         std::shared_ptr<UpstreamSink> sink) {
  const auto id = submit(std::move(request), std::move(sink), BodyKind::file);
  return std::make_shared<Handle>(inbox_, id);
}

std::uint64_t CurlClient::submit(UpstreamRequest request, std::shared_ptr<UpstreamSink> sink,
                                 BodyKind kind) {
  Inbox::Order order;
  order.transfer =
      std::make_unique<WireTransfer>(settings_, std::move(request), std::move(sink), kind);
  {
    const std::scoped_lock lock(mutex_);
    order.id = ++last_id_;
  }
  const auto id = order.id;
  if (!inbox_->push(order)) order.transfer->finish(fail(Errc::unavailable, "shutting down"));
  return id;
}

void CurlClient::run() {
  sigset_t all;  // a peer that hangs up in the middle of a TLS record raises SIGPIPE
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!inbox_->stopping()) {
    obey(inbox_->take());
    grant_rate();
    look_at_throttles();
    int active = 0;
    curl_multi_perform(multi_.get(), &active);
    collect_ended();
    end_late();
    curl_multi_poll(multi_.get(), nullptr, 0, wait_ms(), nullptr);
  }
  const auto why = fail(Errc::unavailable, "shutting down");
  for (auto& order : inbox_->close())
    if (order.transfer) order.transfer->finish(why);
  while (!running_.empty()) end(running_.begin(), why);
}

void CurlClient::obey(std::vector<Inbox::Order> orders) {
  for (auto& order : orders) {
    if (order.kind == Inbox::Order::Kind::start) {
      begin(order.id, std::move(order.transfer));
      continue;
    }
    const auto at = running_.find(order.id);
    if (at == running_.end()) continue;
    if (order.kind == Inbox::Order::Kind::cancel)
      end(at, fail(Errc::unavailable, "cancelled"));
    else
      at->second->resume();
  }
}

void CurlClient::begin(std::uint64_t id, std::unique_ptr<WireTransfer> transfer) {
  if (auto ready = transfer->start(); !ready) return transfer->finish(std::move(ready));
  curl_multi_add_handle(multi_.get(), transfer->easy());
  running_.emplace(id, std::move(transfer));
}

void CurlClient::collect_ended() {
  int left = 0;
  while (const auto* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    auto* const easy = message->easy_handle;
    const auto code = message->data.result;
    const auto at = std::ranges::find_if(
        running_, [easy](const auto& entry) { return entry.second->easy() == easy; });
    if (at != running_.end()) end_hop(at, code);
  }
}

void CurlClient::end_hop(Running::iterator at, CURLcode code) {
  auto* const easy = at->second->easy();
  curl_multi_remove_handle(multi_.get(), easy);
  if (at->second->end_hop(code))
    curl_multi_add_handle(multi_.get(), easy);
  else
    end(at, at->second->outcome());
}

void CurlClient::end_late() {
  const auto now = Clock::now();
  for (auto at = running_.begin(); at != running_.end();) {
    const auto here = at++;
    if (here->second->hop_is_over())
      end_hop(here, CURLE_WRITE_ERROR);
    else if (auto time = here->second->check_time(now); !time)
      end(here, std::move(time));
  }
}

void CurlClient::end(Running::iterator at, Status status) {
  const auto transfer = std::move(at->second);
  running_.erase(at);
  curl_multi_remove_handle(multi_.get(), transfer->easy());  // harmless if it is out already
  transfer->finish(std::move(status));
}

/// Every transfer gets an equal part of what the time since the last grants allows; what one leaves
/// is lost, so that the sum holds.
void CurlClient::grant_rate() {
  const auto rate = settings_.options.rate_bytes;
  const auto now = Clock::now();
  if (rate == 0 || now < last_grant_ + grant_every) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::min<Clock::duration>(now - last_grant_, 4 * grant_every));
  last_grant_ = now;
  const auto bytes = rate * static_cast<std::uint64_t>(elapsed.count()) / 1000;
  for (const auto& [id, transfer] : running_)
    transfer->grant(std::max<std::uint64_t>(1, bytes / running_.size()));
}

void CurlClient::look_at_throttles() {
  const auto now = Clock::now();
  for (const auto& [id, transfer] : running_) transfer->look_at_throttle(now);
}

int CurlClient::wait_ms() const {
  const bool throttled =
      std::ranges::any_of(running_, [](const auto& entry) { return entry.second->is_throttled(); });
  const bool granted = settings_.options.rate_bytes > 0 && !running_.empty();
  auto wait = throttled || granted ? grant_every : wait_max;
  const auto now = Clock::now();
  for (const auto& [id, transfer] : running_) {
    if (transfer->next_check() >= now + wait) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(transfer->next_check() - now);
    wait = std::max(left, std::chrono::milliseconds(0));
  }
  return static_cast<int>(wait.count());
}

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::start(Options options) {
  start_curl();
  WAAG_TRY(auto rules,
           HopRules::make(options.origins, options.redirect_hosts, options.private_networks));
  CurlMulti multi(curl_multi_init());
  if (!multi) return fail(Errc::unavailable, "cannot start curl");
  WireSettings settings{std::move(options), std::move(rules)};
  return std::unique_ptr<HttpClient>(
      std::make_unique<CurlClient>(std::move(settings), std::move(multi)));
}

}  // namespace waag::daemon
