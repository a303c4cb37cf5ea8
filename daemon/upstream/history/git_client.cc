#include "daemon/upstream/history/git_client.h"

#include <algorithm>
#include <array>

#include "protocol/git/client/fetch_reply.h"
#include "protocol/git/fetch_request.h"

namespace waag::daemon {
namespace {

constexpr std::string_view refs_path = "/info/refs?service=git-upload-pack";
constexpr std::string_view service_path = "/git-upload-pack";

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

}  // namespace

Result<UpstreamRequest> GitSource::call(std::string url, const Until& until) const {
  UpstreamRequest call;
  call.url = std::move(url);
  WAAG_TRY(call.time_max, time_until(until.deadline));
  if (!options_.authorization.empty()) call.headers.set("Authorization", options_.authorization);
  return call;
}

Result<git::RefAdvertisement> GitSource::refs(const Until& until) {
  WAAG_TRY(auto get, call(options_.url + std::string(refs_path), until));
  get.body_bytes_max = refs_bytes_max;
  WAAG_TRY(const auto reply, http_.fetch(get));
  WAAG_CHECK(check_reply(reply, "application/x-git-upload-pack-advertisement"));
  WAAG_TRY(options_.url, followed_base(options_.url, refs_path, reply.url));
  WAAG_TRY(auto refs, git::parse_ref_advertisement(reply.body));
  capabilities_.clear();
  for (const auto name : used_capabilities)
    if (refs.can(name)) capabilities_.push_back(name);
  return refs;
}

Status GitSource::pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                       const Until& limits, const Take& take) {
  const auto until = for_pack(limits);
  if (std::ranges::find(capabilities_, needed_capability) == capabilities_.end())
    return failed("the upstream has no side bands");
  WAAG_TRY(auto post, call(options_.url + std::string(service_path), until));
  post.body = git::spell_fetch_v0(wants, haves, capabilities_);
  post.method = "POST";
  post.follow = false;
  post.throttle = until.throttle;
  post.headers.set("Content-Type", "application/x-git-upload-pack-request");
  post.headers.set("Accept", "application/x-git-upload-pack-result");
  BodyQueue::Accept accept = [](const UpstreamReply& reply) {
    return check_reply(reply, "application/x-git-upload-pack-result");
  };
  const auto queue = std::make_shared<BodyQueue>(std::move(accept), options_.queue_bytes);
  const auto transfer = http_.stream(std::move(post), queue);
  git::FetchReply reply(take);
  WAAG_CHECK(drain(*queue, *transfer, until, [&](ByteView part) { return reply.feed(part); }));
  return reply.finish();
}

}  // namespace waag::daemon
