#include "daemon/mirror/xet/xet_tokens.h"

#include <boost/json/value.hpp>

#include "daemon/upstream/wire/hop_rules.h"
#include "protocol/http/field.h"
#include "protocol/hub/json_reader.h"

namespace waag::daemon {
namespace {

/// Clients ask for the next one so long before the end. Source: XET 6.1.
constexpr std::chrono::seconds early{30};
/// Of as many commits; who has more asks again.
constexpr std::size_t entries_max = 256;
/// Source: XET 6.1.
constexpr std::size_t token_bytes_max = 64'000;
constexpr std::size_t reply_bytes_max = 256 * 1024;

/// Made, and not taken from a reply: our own token goes there.
std::string token_url(const HubClient& hub, const RepoId& repo, const CommitId& commit) {
  return hub.base_url() + "/api/" + std::string(api_plural(repo.type)) + "/" + repo.full_name() +
         "/xet-read-token/" + commit.hex();
}

Error bad(std::string what) {
  return fail(Errc::upstream_failed, "Xet token of the upstream: " + std::move(what));
}

}  // namespace

Result<XetToken> parse_xet_token(std::string_view text) {
  const auto body = hub::parse_json_object(text, reply_bytes_max);
  if (!body) return bad(body.error().what);
  auto url = hub::json_required_string(*body, "casUrl");
  auto token = hub::json_required_string(*body, "accessToken");
  const auto expires = hub::json_uint(*body, "exp");
  if (!url || !token || !expires || !*expires) return bad("a member is missing");
  while (url->ends_with('/')) url->pop_back();
  const auto hop = parse_hop_url(*url);
  if (!hop || hop->url != *url || url->find('?') != url->npos) return bad("odd casUrl");
  if (token->empty() || token->size() > token_bytes_max || !http::is_field_value(*token))
    return bad("odd accessToken");
  if (**expires > UINT32_MAX) return bad("odd exp");
  return XetToken{*std::move(url), Secret(*std::move(token)), std::chrono::seconds(**expires)};
}

std::shared_ptr<XetTokens::Entry> XetTokens::entry(const std::string& url) {
  const std::scoped_lock lock(mutex_);
  if (entries_.size() >= entries_max && !entries_.contains(url)) entries_.erase(entries_.begin());
  auto& found = entries_[url];
  if (!found) found = std::make_shared<Entry>();
  return found;
}

Result<XetToken> XetTokens::get(HubClient& hub, const RepoId& repo, const CommitId& commit,
                                const UpstreamCall& call) {
  UpstreamRequest request;
  request.url = token_url(hub, repo, commit);
  const auto held = entry(request.url);
  const auto came = std::chrono::steady_clock::now();
  const std::scoped_lock lock(held->mutex);
  if (held->token.expires - early > clock_.now()) return held->token;
  // The parts of one file ask at once: the failure of one is that of all who waited for it.
  if (held->error && came < held->failed) return *held->error;
  auto token = ask(hub, std::move(request), call);
  held->token = token ? *token : XetToken{};
  held->error = token ? std::nullopt : std::optional(token.error());
  held->failed = std::chrono::steady_clock::now();
  if (token) {
    const std::scoped_lock all(mutex_);
    givers_.insert(hub.base_url());
  }
  return token;
}

bool XetTokens::has_given(const HubClient& hub) const {
  const std::scoped_lock lock(mutex_);
  return givers_.contains(hub.base_url());
}

Result<XetToken> XetTokens::ask(HubClient& hub, UpstreamRequest request, const UpstreamCall& call) {
  request.headers.set("Accept", "application/json");
  request.body_bytes_max = reply_bytes_max;
  if (const auto ours = hub.authorization(); !ours.empty())
    request.headers.set("Authorization", ours);
  WAAG_TRY(const auto reply, hub.fetch(UpstreamBucket::api, std::move(request), call));
  if (reply.status != 200) return upstream_error(reply.status, reply.headers);
  return parse_xet_token(reply.body);
}

void XetTokens::forget(const HubClient& hub, const RepoId& repo, const CommitId& commit) {
  const auto held = entry(token_url(hub, repo, commit));
  const std::scoped_lock lock(held->mutex);
  held->token = {};
  held->error.reset();
}

}  // namespace waag::daemon
