#include "daemon/upstream/history/raw_client.h"

#include <algorithm>

#include "protocol/git/stream/pack_writer.h"
#include "protocol/git/stream/raw_reader.h"
#include "protocol/hub/json_writer.h"

namespace waag::daemon {
namespace {

constexpr std::string_view refs_path = "/git/refs";
constexpr std::string_view objects_path = "/git/objects";
constexpr std::string_view refs_type = "application/x-git-upload-pack-advertisement";
/// Encoded bytes between two looks at the clock: a few of them may decode to very many.
constexpr std::size_t piece_bytes = 16 * 1024;

Error failed(const std::string& what) {
  return fail(Errc::upstream_failed, "raw objects: " + what);
}

RawSource::Offer offer_of(const UpstreamReply& reply) {
  if (is_transient(reply.status) || reply.status >= 500) return RawSource::Offer::open;
  if (reply.status == 200 && reply.headers.get("Content-Type") == refs_type)
    return RawSource::Offer::open;
  // A hub that knows the route names what is missing.
  const bool missing = reply.status == 404 || reply.status == 405 || reply.status == 410;
  if (missing && reply.headers.get("X-Error-Code")) return RawSource::Offer::refused;
  return missing || reply.status < 400 ? RawSource::Offer::unknown : RawSource::Offer::refused;
}

std::string spell_request(const std::vector<GitId>& wants, const std::vector<CommitId>& haves) {
  hub::JsonWriter json;
  json.begin_object().key("want").begin_array();
  for (const auto& id : wants) json.string(id.hex());
  json.end_array().key("have").begin_array();
  for (const auto& id : haves) json.string(id.hex());
  json.end_array().end_object();
  return json.take();
}

/// Tells the governor how a transfer went.
class GovernedSink final : public UpstreamSink {
 public:
  GovernedSink(Governor& governor, std::shared_ptr<UpstreamSink> sink)
      : governor_(governor), sink_(std::move(sink)) {}

  Status begin(const UpstreamReply& reply) override {
    began_ = true;
    governor_.answered(UpstreamBucket::api, reply.status, reply.headers);
    return sink_->begin(reply);
  }
  Status write(ByteView bytes) override {
    governor_.count_bytes(bytes.size());
    return sink_->write(bytes);
  }
  void done(Status status) override {
    const bool ours = !status && status.error().code == Errc::unavailable;
    if (!began_ && ours) governor_.abandoned(UpstreamBucket::api);
    if (!began_ && !ours) governor_.failed(UpstreamBucket::api);
    sink_->done(std::move(status));
  }
  bool full() override { return sink_->full(); }

 private:
  Governor& governor_;
  const std::shared_ptr<UpstreamSink> sink_;
  bool began_ = false;
};

}  // namespace

RawSource::RawSource(HubClient& hub, const RepoId& repo, std::size_t queue_bytes)
    : hub_(hub),
      url_(hub.base_url() + "/api/waag/v1/repos/" + std::string(api_plural(repo.type)) + "/" +
           repo.full_name()),
      queue_bytes_(queue_bytes) {}

UpstreamRequest RawSource::call(std::string_view path) const {
  UpstreamRequest call;
  call.url = url_ + std::string(path);
  if (const auto token = hub_.authorization(); !token.empty())
    call.headers.set("Authorization", token);
  return call;
}

Result<git::RefAdvertisement> RawSource::refs(const Until& until) {
  auto get = call(refs_path);
  get.body_bytes_max = refs_bytes_max;
  // Who asks for a history tries again itself.
  const UpstreamCall terms{until.deadline, UpstreamPriority::job, /*once=*/true};
  WAAG_TRY(const auto reply, hub_.fetch(UpstreamBucket::api, std::move(get), terms));
  offer_ = offer_of(reply);
  if (reply.status != 200) return upstream_error(reply.status, reply.headers);
  if (offer_ != Offer::open) return failed("the upstream answers something else");
  WAAG_TRY(url_, followed_base(url_, refs_path, reply.url));
  return git::parse_ref_advertisement(reply.body);
}

Status RawSource::pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                       const Until& limits, const Take& take) {
  const auto until = for_pack(limits);
  auto post = call(objects_path);
  post.method = "POST";
  post.follow = false;
  post.throttle = until.throttle;
  post.headers.set("Content-Type", "application/json");
  post.headers.set("Accept", std::string(git::raw_type));
  post.body = spell_request(wants, haves);
  WAAG_CHECK(hub_.governor().wait(UpstreamBucket::api, UpstreamPriority::job, limits.deadline));
  const auto left = time_until(until.deadline);
  if (!left) {
    hub_.governor().abandoned(UpstreamBucket::api);
    return left.error();
  }
  post.time_max = *left;
  BodyQueue::Accept accept = [](const UpstreamReply& reply) -> Status {
    // What the repository is was said with its refs: here it is trouble.
    if (reply.status == 429) return fail(Errc::too_many_requests, "raw objects: 429");
    if (reply.status != 200) return failed("the upstream answers " + std::to_string(reply.status));
    if (reply.headers.get("Content-Type") != git::raw_type) return failed("it is something else");
    return ok();
  };
  const auto queue = std::make_shared<BodyQueue>(std::move(accept), queue_bytes_);
  const auto transfer =
      hub_.http().stream(std::move(post), std::make_shared<GovernedSink>(hub_.governor(), queue));
  git::PackWriter writer;
  git::RawReader reader(writer, take);
  const auto feed = [&](ByteView bytes) -> Status {
    while (!bytes.empty()) {
      WAAG_CHECK(time_until(until.deadline));
      const auto part = bytes.first(std::min(bytes.size(), piece_bytes));
      WAAG_CHECK(reader.feed(part));
      bytes = bytes.subspan(part.size());
    }
    return ok();
  };
  WAAG_CHECK(drain(*queue, *transfer, until, feed));
  return reader.finish();
}

}  // namespace waag::daemon
