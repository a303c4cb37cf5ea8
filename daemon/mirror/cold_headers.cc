#include "daemon/mirror/cold_headers.h"

#include <algorithm>

#include "daemon/catalog/weight_reader.h"

namespace waag::daemon {
namespace {

/// Somebody waits for a manifest, and can do without.
constexpr std::chrono::seconds time_max{6};
/// Holds the header of most models: their vocabularies take 3 to 8 MB.
constexpr std::uint64_t first_bytes = 4u << 20;
/// Of one header: four times the largest vocabularies of today.
constexpr std::uint64_t bytes_max = 32u << 20;

/// The front of one file, which grows as it is asked for.
class Front {
 public:
  Front(HubClient& hub, const HubSource::File& file, const UpstreamCall& call)
      : hub_(hub), file_(file), call_(call) {}

  /// Errc::upstream_failed if the upstream does not send exactly that.
  Status grow(std::uint64_t bytes) {
    const http::ByteRange range{bytes_.size(), bytes - 1};
    auto request = hub_.file_request(file_.repo, file_.commit, file_.path, range);
    request.body_bytes_max = bytes - bytes_.size();
    WAAG_TRY(const auto reply, hub_.fetch(UpstreamBucket::resolvers, std::move(request), call_));
    if (reply.status >= 300 || reply.body.size() != bytes - bytes_.size())
      return fail(Errc::upstream_failed, "the upstream does not send the front of " + file_.path);
    bytes_ += reply.body;
    return ok();
  }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  HubClient& hub_;
  const HubSource::File& file_;
  const UpstreamCall& call_;
  std::string bytes_;
};

}  // namespace

std::string ColdHeaders::key_of(std::uint64_t repo_uid, const GitId& oid) {
  return std::to_string(repo_uid) + " " + oid.hex();
}

std::shared_ptr<const ColdHeaders::Header> ColdHeaders::known(std::uint64_t repo_uid,
                                                              const GitId& oid) {
  return known_.find(key_of(repo_uid, oid));
}

Result<std::shared_ptr<const ColdHeaders::Header>> ColdHeaders::ask(HubClient& hub,
                                                                    std::uint64_t repo_uid,
                                                                    const GitId& oid,
                                                                    const HubSource::File& file) {
  UpstreamCall call;
  call.deadline = std::chrono::steady_clock::now() + time_max;
  const std::unique_lock lock(asking_, call.deadline);
  if (!lock.owns_lock()) return fail(Errc::deadline_exceeded, "too many headers are asked for");
  if (auto there = known(repo_uid, oid)) return there;
  Front front(hub, file, call);
  Status came = ok();
  const auto read = [&](std::uint64_t bytes) -> std::string_view {
    const auto wanted = std::min(file.size_bytes, std::max(bytes, first_bytes));
    if (came && wanted > front.bytes().size()) came = front.grow(wanted);
    return front.bytes();
  };
  auto made = std::make_shared<const Header>(gguf_summary(file.size_bytes, bytes_max, read));
  if (!came) return came.error();
  known_.put(key_of(repo_uid, oid), made, 1);
  return std::shared_ptr<const Header>(std::move(made));
}

}  // namespace waag::daemon
