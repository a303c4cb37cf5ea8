#include "daemon/mirror/hub_source.h"

#include "daemon/upstream/wire/hop_rules.h"

namespace waag::daemon {
namespace {

/// Signed URLs live for minutes or hours; nobody says how long.
constexpr std::chrono::minutes direct_time{4};

/// A transfer that never began.
class NoTransfer final : public HttpClient::Transfer {
 public:
  void cancel() override {}
};

}  // namespace

/// Passes a transfer on, and tells what came of it.
class HubSource::Watch final : public UpstreamSink {
 public:
  Watch(std::shared_ptr<HubSource> source, std::shared_ptr<UpstreamSink> sink, bool direct)
      : source_(std::move(source)), sink_(std::move(sink)), direct_(direct) {}

  Status begin(const UpstreamReply& reply) override {
    began_ = true;
    if (!direct_) governor().answered(UpstreamBucket::resolvers, reply.status, reply.headers);
    if (reply.status < 300) {
      source_->learn(reply);
      return sink_->begin(reply);
    }
    if (!direct_) return sink_->begin(reply);
    // An old URL says nothing of the file: the hub is asked again.
    source_->forget_direct();
    return fail(Errc::upstream_failed, "a file server answers " + std::to_string(reply.status));
  }
  Status write(ByteView bytes) override {
    governor().count_bytes(bytes.size());
    return sink_->write(bytes);
  }
  void done(Status status) override {
    if (!began_ && !direct_) {
      if (!status && status.error().code == Errc::unavailable)
        governor().abandoned(UpstreamBucket::resolvers);
      else
        governor().failed(UpstreamBucket::resolvers);
    }
    if (!began_ && direct_) source_->forget_direct();
    sink_->done(std::move(status));
  }

 private:
  Governor& governor() { return source_->hub_.governor(); }

  const std::shared_ptr<HubSource> source_;
  const std::shared_ptr<UpstreamSink> sink_;
  const bool direct_;
  bool began_ = false;
};

HubSource::HubSource(HubClient& hub, File file, std::chrono::milliseconds wait)
    : hub_(hub), file_(std::move(file)), wait_(wait) {}

std::shared_ptr<HttpClient::Transfer> HubSource::fetch(storage::Stretch part,
                                                       std::shared_ptr<UpstreamSink> sink,
                                                       std::shared_ptr<const Throttle> throttle) {
  auto request = direct_request();
  const bool direct = request.has_value();
  if (!direct) {
    const auto admitted = hub_.governor().wait(UpstreamBucket::resolvers, UpstreamPriority::demand,
                                               std::chrono::steady_clock::now() + wait_);
    if (!admitted) {
      sink->done(admitted);
      return std::make_shared<NoTransfer>();
    }
    request = hub_.file_request(file_.repo, file_.commit, file_.path);
  }
  if (part.size() < file_.size_bytes) request->range = http::ByteRange{part.begin, part.end - 1};
  request->throttle = std::move(throttle);
  auto watch = std::make_shared<Watch>(shared_from_this(), std::move(sink), direct);
  return hub_.http().stream(*std::move(request), std::move(watch));
}

std::optional<UpstreamRequest> HubSource::direct_request() const {
  const std::scoped_lock lock(mutex_);
  if (direct_url_.empty() || std::chrono::steady_clock::now() > direct_until_) return std::nullopt;
  UpstreamRequest request;
  request.url = direct_url_;
  return request;
}

void HubSource::learn(const UpstreamReply& reply) {
  // The hub itself wants its token, and counts its calls, whatever the path.
  const auto base = parse_hop_url(hub_.base_url());
  const auto last = parse_hop_url(reply.url);
  if (!base || !last || base->origin == last->origin) return;
  const std::scoped_lock lock(mutex_);
  if (reply.url == direct_url_) return;
  direct_url_ = reply.url;
  direct_until_ = std::chrono::steady_clock::now() + direct_time;
}

void HubSource::forget_direct() {
  const std::scoped_lock lock(mutex_);
  direct_url_.clear();
}

}  // namespace waag::daemon
