#include "daemon/mirror/policy/policy_check.h"

#include <algorithm>

#include "protocol/hub/card/front_matter.h"

namespace waag::daemon {
namespace {

constexpr std::string_view card_path = "README.md";

Result<std::vector<std::string>> licences_of(HubClient& hub, const UpstreamRevision& revision,
                                             const std::vector<UpstreamEntry>& entries,
                                             const UpstreamCall& call) {
  const auto card = std::ranges::find(entries, card_path, &UpstreamEntry::path);
  if (card == entries.end() || card->size_bytes == 0) return std::vector<std::string>{};
  const auto bytes = std::min<std::uint64_t>(card->size_bytes, hub::front_matter_bytes_max);
  auto request =
      hub.file_request(revision.repo, revision.commit, card_path, http::ByteRange{0, bytes - 1});
  WAAG_TRY(const auto reply, hub.fetch(UpstreamBucket::resolvers, std::move(request), call));
  if (reply.status != 200 && reply.status != 206)
    return fail(upstream_error(reply.status, reply.headers).code,
                "the card of " + revision.repo.full_name() + " cannot be read: HTTP " +
                    std::to_string(reply.status));
  return card_licences(reply.body);
}

}  // namespace

MirrorCheck policy_check(std::shared_ptr<const MirrorPolicy> policy) {
  return [policy = std::move(policy)](HubClient& hub, const UpstreamRevision& revision,
                                      const std::vector<UpstreamEntry>& entries,
                                      const UpstreamCall& call) -> Status {
    MirrorPolicy::Repo repo;
    repo.id = revision.repo;
    for (const auto& entry : entries)
      if (!entry.is_directory)
        repo.files.push_back({entry.path, entry.lfs ? entry.lfs->size_bytes : entry.size_bytes});
    return policy->check(repo, [&] { return licences_of(hub, revision, entries, call); });
  };
}

}  // namespace waag::daemon
