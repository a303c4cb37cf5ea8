#include "daemon/upstream/hub_client.h"

#include <algorithm>

#include "daemon/upstream/wire/hop_rules.h"
#include "protocol/base64.h"
#include "protocol/http/field.h"
#include "protocol/http/link_header.h"
#include "protocol/http/url_path.h"

namespace waag::daemon {
namespace {

/// Pages of a tree hold 1,000 files on the Hub, 50 on some others.
constexpr std::size_t tree_pages_max = 10'000;
constexpr std::size_t list_pages_max = 1'000;
/// A caller that gave less time learns nothing about the upstream when it passes.
constexpr std::chrono::milliseconds fair_time{2'000};

/// Only what is used, for siblings of large repositories are megabytes. Source: HUB_API 4.1.
std::string_view expand_query(RepoType type) {
  return type == RepoType::space
             ? "?expand=author&expand=disabled&expand=lastModified&expand=private&expand=sdk"
               "&expand=sha"
             : "?expand=author&expand=disabled&expand=gated&expand=lastModified&expand=private"
               "&expand=sha";
}

bool may_pass(const Error& error) {
  return error.code == Errc::upstream_failed || error.code == Errc::deadline_exceeded;
}

/// What follows host and port.
std::string_view path_of(std::string_view url) {
  const auto slash = url.find('/', url.find("://") + 3);
  return slash == url.npos ? std::string_view() : url.substr(slash);
}

Error odd(std::string what) { return fail(Errc::upstream_failed, std::move(what)); }

}  // namespace

Result<std::unique_ptr<HubClient>> HubClient::make(Options options, HttpClient& http,
                                                   std::shared_ptr<Governor> governor) {
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  WAAG_TRY(auto hop, parse_hop_url(options.base_url));
  if (hop.url != options.base_url || options.base_url.find('?') != std::string::npos)
    return fail(Errc::invalid_argument, "base URL of an upstream with a query or fragment");
  if (!http::is_field_value(options.token.reveal()))
    return fail(Errc::invalid_argument, "malformed token for an upstream");
  return std::unique_ptr<HubClient>(new HubClient(std::move(options), http, std::move(governor)));
}

std::string HubClient::api_url(const RepoId& repo) const {
  return options_.base_url + "/api/" + std::string(api_plural(repo.type)) + "/" + repo.full_name();
}

std::string HubClient::git_url(const RepoId& repo) const {
  return options_.base_url + "/" + std::string(web_prefix(repo.type)) + repo.full_name();
}

std::string HubClient::file_url(const RepoId& repo, const CommitId& commit,
                                std::string_view path) const {
  return git_url(repo) + "/resolve/" + commit.hex() + "/" +
         http::percent_encode(path, http::Slash::keep);
}

std::string HubClient::authorization() const {
  return options_.token.empty() ? "" : "Bearer " + options_.token.reveal();
}

std::string HubClient::git_authorization() const {
  return options_.token.empty() ? "" : "Basic " + encode_base64("hub:" + options_.token.reveal());
}

UpstreamRequest HubClient::file_request(const RepoId& repo, const CommitId& commit,
                                        std::string_view path,
                                        std::optional<http::ByteRange> range) const {
  UpstreamRequest request;
  request.url = file_url(repo, commit, path);
  request.range = range;
  if (!options_.token.empty()) request.headers.set("Authorization", authorization());
  return request;
}

Result<std::optional<UpstreamRevision>> HubClient::revision(const RepoId& repo,
                                                            std::string_view revision,
                                                            std::string_view etag,
                                                            const UpstreamCall& call) {
  const auto url = api_url(repo) + "/revision/" + http::percent_encode(revision) +
                   std::string(expand_query(repo.type));
  WAAG_TRY(auto reply, get(url, call, etag));
  if (reply.status == 304) return std::optional<UpstreamRevision>();
  if (reply.status != 200) return upstream_error(reply.status, reply.headers);
  WAAG_TRY(auto made, parse_upstream_revision(repo.type, reply.body));
  made.etag = reply.headers.get("ETag").value_or("");
  return std::optional(std::move(made));
}

Result<std::vector<UpstreamEntry>> HubClient::tree(const RepoId& repo, const CommitId& commit,
                                                   const UpstreamCall& call) {
  std::vector<UpstreamEntry> entries;
  auto url = api_url(repo) + "/tree/" + commit.hex() + "?recursive=true&expand=false";
  for (std::size_t page = 0; page < tree_pages_max; ++page) {
    WAAG_TRY(auto reply, get(url, call));
    if (reply.status != 200) return upstream_error(reply.status, reply.headers);
    const auto before = entries.size();
    WAAG_CHECK(parse_upstream_tree_page(reply.body, entries));
    WAAG_TRY(url, next_page(reply));
    if (url.empty()) {
      WAAG_CHECK(check_upstream_tree(entries));
      return entries;
    }
    if (entries.size() == before) return odd("an empty page of a tree, and more to come");
  }
  return odd("a tree of too many pages");
}

Result<UpstreamRefs> HubClient::refs(const RepoId& repo, bool pull_requests,
                                     const UpstreamCall& call) {
  WAAG_TRY(auto reply,
           get(api_url(repo) + "/refs" + (pull_requests ? "?include_prs=1" : ""), call));
  if (reply.status != 200) return upstream_error(reply.status, reply.headers);
  return parse_upstream_refs(reply.body);
}

Result<std::vector<UpstreamCommit>> HubClient::commits(const RepoId& repo,
                                                       std::string_view revision,
                                                       const UpstreamCall& call) {
  WAAG_TRY(auto reply, get(api_url(repo) + "/commits/" + http::percent_encode(revision), call));
  if (reply.status != 200) return upstream_error(reply.status, reply.headers);
  return parse_upstream_commits(reply.body);
}

Result<std::vector<RepoId>> HubClient::repos_of(RepoType type, std::string_view ns,
                                                const UpstreamCall& call) {
  std::vector<RepoId> repos;
  auto url = options_.base_url + "/api/" + std::string(api_plural(type)) +
             "?author=" + http::percent_encode(ns) + "&limit=500";
  for (std::size_t page = 0; page < list_pages_max; ++page) {
    WAAG_TRY(auto reply, get(url, call));
    if (reply.status == 404) return repos;
    if (reply.status != 200) return upstream_error(reply.status, reply.headers);
    WAAG_CHECK(parse_upstream_repo_page(type, ns, reply.body, repos));
    WAAG_TRY(url, next_page(reply));
    if (url.empty()) return repos;
  }
  return odd("a list of too many pages");
}

Result<UpstreamReply> HubClient::get(const std::string& url, const UpstreamCall& call,
                                     std::string_view etag) {
  UpstreamRequest request;
  request.url = url;
  request.headers.set("Accept", "application/json");
  if (!etag.empty()) request.headers.set("If-None-Match", std::string(etag));
  if (!options_.token.empty()) request.headers.set("Authorization", authorization());
  return fetch(UpstreamBucket::api, std::move(request), call);
}

Result<UpstreamReply> HubClient::fetch(UpstreamBucket bucket, UpstreamRequest request,
                                       const UpstreamCall& call) {
  for (unsigned attempt = 1;; ++attempt) {
    WAAG_CHECK(governor_->wait(bucket, call.priority, call.deadline));
    auto reply = try_once(bucket, request, call.deadline);
    const bool again = reply ? is_transient(reply->status) : may_pass(reply.error());
    if (!again || call.once || attempt > options_.retries) return reply;
    // After a 429 or 503 it is the governor that says when.
    const bool governed = reply && (reply->status == 429 || reply->status == 503);
    const auto wait = governed ? Millis(0) : governor_->backoff(attempt, options_.retry_base);
    if (Clock::now() + wait >= call.deadline) return reply;
    WAAG_CHECK(governor_->pause(wait));
  }
}

Result<UpstreamReply> HubClient::try_once(UpstreamBucket bucket, const UpstreamRequest& request,
                                          Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<Millis>(deadline - Clock::now());
  if (left.count() <= 0) {
    governor_->abandoned(bucket);
    return fail(Errc::deadline_exceeded, "no time left to call the upstream");
  }
  auto timed = request;
  timed.time_max = std::min(left, options_.call_time);
  auto reply = http_.fetch(timed);
  tell_governor(bucket, reply, timed.time_max);
  return reply;
}

void HubClient::tell_governor(UpstreamBucket bucket, const Result<UpstreamReply>& reply,
                              Millis given) {
  if (reply) {
    governor_->count_bytes(reply->body.size());
    // The budget is told by the hub itself, which a redirect may have left.
    const bool moved = reply->headers.get("RateLimit") || !reply->first.get("RateLimit");
    return governor_->answered(bucket, reply->status, moved ? reply->headers : reply->first);
  }
  const bool hasty = reply.error().code == Errc::deadline_exceeded &&
                     given < std::min(fair_time, options_.call_time);
  if (!may_pass(reply.error()) || hasty) return governor_->abandoned(bucket);
  governor_->failed(bucket);
}

Result<std::string> HubClient::next_page(const UpstreamReply& reply) const {
  std::string links;
  for (const auto& [name, value] : reply.headers.all())
    if (http::equal_nocase(name, "Link")) links += (links.empty() ? "" : ", ") + value;
  const auto target = http::link_target(links, "next");
  if (!target) return std::string();
  const auto base = parse_hop_url(options_.base_url);
  const auto here = parse_hop_url(reply.url);
  if (!base || !here) return odd("malformed URL of a page");
  const auto next = resolve_location(*here, *target);
  if (!next) return odd("malformed link to the next page");
  // Our token goes along.
  const auto prefix = std::string(path_of(base->url)) + "/";
  if (next->origin != base->origin || !path_of(next->url).starts_with(prefix))
    return odd("the next page is on another host");
  if (next->url == reply.url) return odd("a page that is its own next one");
  return next->url;
}

}  // namespace waag::daemon
