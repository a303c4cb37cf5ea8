#include "daemon/upstream/git_client.h"

#include <algorithm>
#include <array>
#include <map>

#include "protocol/git/client/fetch_reply.h"
#include "protocol/git/fetch_request.h"

namespace waag::daemon {
namespace {

constexpr std::string_view refs_path = "/info/refs?service=git-upload-pack";
constexpr std::string_view service_path = "/git-upload-pack";
/// 200,000 refs with names of 250 bytes.
constexpr std::size_t refs_bytes_max = 64u << 20;
/// Beyond it more of them hardly spare anything.
constexpr std::size_t haves_max = 10'000;

constexpr std::string_view needed_capability = "side-band-64k";
/// Not no-progress: its lines show, while the server still counts, that it is alive, which its
/// keep-alive packets of 5 bytes in 5 s are too few for (HttpClient::Options::idle_bytes).
constexpr std::array<std::string_view, 3> used_capabilities = {needed_capability, "ofs-delta",
                                                               "thin-pack"};

Error failed(const std::string& what) { return fail(Errc::upstream_failed, "git: " + what); }

Status check_reply(const UpstreamReply& reply, std::string_view type) {
  const auto what = "git: the upstream answers " + std::to_string(reply.status);
  if (reply.status == 401) return fail(Errc::unauthenticated, what);
  if (reply.status == 403) return fail(Errc::forbidden, what);
  if (reply.status == 404 || reply.status == 410) return fail(Errc::repo_not_found, what);
  if (reply.status == 429) return fail(Errc::too_many_requests, what);
  if (reply.status != 200) return fail(Errc::upstream_failed, what);
  if (reply.headers.get("Content-Type") != type)
    return failed("the upstream does not speak git's smart protocol");
  return ok();
}

/// "https://host:port"
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == url.npos) return {};
  return url.substr(0, url.find('/', host + 3));
}

/// What the upstream sent is wrong, whatever we call that of a user's push.
Status blame(Status status) {
  if (!status && status.error().code == Errc::unprocessable) return failed(status.error().what);
  return status;
}

class Fetch {
 public:
  Fetch(HttpClient& http, storage::GitPush& push, const HistoryRequest& request)
      : http_(http), push_(push), request_(request), url_(request.url) {}

  Result<History> run() {
    WAAG_TRY(auto upstream, refs());
    History history;
    history.head = std::move(upstream.head);
    std::map<std::string, GitId> wanted;
    for (auto& ref : upstream.refs) {
      if (!is_selected(ref.name)) continue;
      wanted[ref.name] = ref.id;
      history.refs.push_back(std::move(ref));
    }
    const auto selected = [this](std::string_view name) { return is_selected(name); };
    WAAG_TRY(const auto plan, push_.plan(wanted, selected));
    if (!plan.wants.empty()) {
      if (!upstream.can(needed_capability)) return failed("the upstream has no side bands");
      WAAG_CHECK(fetch_pack(upstream, plan.wants, history));
    }
    WAAG_CHECK(blame(push_.check(plan.request)));
    WAAG_TRY(auto reports, push_.land(plan.request));
    history.moves = reports.size();
    for (auto& report : reports)
      if (!report.reason.empty()) history.refused.push_back(std::move(report));
    return history;
  }

 private:
  [[nodiscard]] bool is_selected(std::string_view name) const {
    return storage::is_mirrored_ref(name) && request_.selected(name);
  }

  Result<std::chrono::milliseconds> time_left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        request_.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Errc::deadline_exceeded, "git: no time left to fetch");
    return left;
  }

  Result<UpstreamRequest> call(std::string url) const {
    UpstreamRequest call;
    call.url = std::move(url);
    WAAG_TRY(call.time_max, time_left());
    if (!request_.authorization.empty()) call.headers.set("Authorization", request_.authorization);
    return call;
  }

  Result<git::RefAdvertisement> refs() {
    WAAG_TRY(auto get, call(url_ + std::string(refs_path)));
    get.body_bytes_max = refs_bytes_max;
    WAAG_TRY(const auto reply, http_.fetch(get));
    WAAG_CHECK(check_reply(reply, "application/x-git-upload-pack-advertisement"));
    WAAG_CHECK(follow(reply.url));
    return git::parse_ref_advertisement(reply.body);
  }

  /// A renamed repository: the pack is asked for where the refs came from. Never at another host,
  /// for our credentials go there.
  Status follow(std::string_view answered) {
    if (answered.empty() || !answered.ends_with(refs_path)) return ok();
    if (origin_of(answered) != origin_of(url_)) return failed("the upstream is at another host");
    url_ = answered.substr(0, answered.size() - refs_path.size());
    return ok();
  }

  Status fetch_pack(const git::RefAdvertisement& upstream, const std::vector<GitId>& wants,
                    History& history) {
    WAAG_TRY(auto post, call(url_ + std::string(service_path)));
    WAAG_TRY(post.body, body_of(upstream, wants));
    post.method = "POST";
    post.follow = false;
    post.headers.set("Content-Type", "application/x-git-upload-pack-request");
    post.headers.set("Accept", "application/x-git-upload-pack-result");
    BodyQueue::Accept accept = [](const UpstreamReply& reply) {
      return check_reply(reply, "application/x-git-upload-pack-result");
    };
    const auto queue = std::make_shared<BodyQueue>(std::move(accept), request_.queue_bytes);
    const auto transfer = http_.stream(std::move(post), queue);
    Status status;
    {
      const std::stop_callback stop(request_.stop, [&transfer] { transfer->cancel(); });
      status = take_pack(*queue, *transfer, history);
    }
    queue->close();
    if (!status) transfer->cancel();
    return status;
  }

  Result<std::string> body_of(const git::RefAdvertisement& upstream,
                              const std::vector<GitId>& wants) const {
    std::vector<std::string_view> capabilities;
    for (const auto name : used_capabilities)
      if (upstream.can(name)) capabilities.push_back(name);
    std::vector<CommitId> haves;
    for (const auto& id : request_.haves) {
      if (haves.size() == haves_max) break;
      WAAG_TRY(const bool held, push_.holds(id));
      if (held) haves.push_back(id);
    }
    return git::spell_fetch_v0(wants, haves, capabilities);
  }

  Status take_pack(BodyQueue& queue, HttpClient::Transfer& transfer, History& history) {
    git::FetchReply reply([&](ByteView bytes) {
      history.pack_bytes += bytes.size();
      return blame(push_.feed(bytes));
    });
    while (true) {
      WAAG_TRY(const auto part, queue.next(request_.deadline));
      if (queue.was_full()) transfer.resume();
      if (!part) return reply.finish();
      WAAG_CHECK(reply.feed(*part));
    }
  }

  HttpClient& http_;
  storage::GitPush& push_;
  const HistoryRequest& request_;
  std::string url_;
};

}  // namespace

Result<History> fetch_history(HttpClient& http, storage::GitPush& push,
                              const HistoryRequest& request) {
  return Fetch(http, push, request).run();
}

}  // namespace waag::daemon
