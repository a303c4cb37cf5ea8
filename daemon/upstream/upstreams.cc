#include "daemon/upstream/upstreams.h"

#include <algorithm>

#include "daemon/auth/secrets/secret_file.h"
#include "daemon/upstream/wire/hop_rules.h"
#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

constexpr std::size_t upstreams_max = 16;

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto part = http::trimmed(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Error setting(std::string_view name, const std::string& what) {
  return fail(Errc::invalid_argument, "upstream." + std::string(name) + ": " + what);
}

Result<Secret> read_token(const std::string& file) {
  if (file.empty()) return Secret();
  auto text = read_secret_file(file);
  if (!text) return setting("token_file", text.error().what);
  if (!*text) return setting("token_file", "no such file: " + file);
  auto& token = **text;
  while (token.ends_with('\n') || token.ends_with('\r') || token.ends_with(' ')) token.pop_back();
  const bool plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; });
  if (token.empty() || !plain) return setting("token_file", "holds no token: " + file);
  return Secret(std::move(token));
}

/// Each setting alone, so that the right one is named.
Status check_rules(const Config::Upstream& config, const std::vector<std::string>& urls) {
  if (auto rules = HopRules::make(urls, {}, {}); !rules) return setting("urls", rules.error().what);
  if (auto rules = HopRules::make({}, list_of(config.redirect_hosts), {}); !rules)
    return setting("redirect_hosts", rules.error().what);
  if (auto rules = HopRules::make({}, {}, list_of(config.private_addresses)); !rules)
    return setting("private_addresses", rules.error().what);
  return ok();
}

HttpClient::Options wire_options(const Config::Upstream& config,
                                 const std::vector<std::string>& urls) {
  HttpClient::Options options;
  options.origins = urls;
  options.redirect_hosts = list_of(config.redirect_hosts);
  options.private_networks = list_of(config.private_addresses);
  options.ca_file = config.ca_file;
  options.proxy = config.proxy;
  options.connect_time = std::chrono::milliseconds(config.connect_timeout_ms);
  options.idle_time = std::chrono::milliseconds(config.idle_timeout_ms);
  options.rate_bytes = config.rate_bytes;
  return options;
}

/// One governor for all upstreams of one origin that are called without a token, and one for each
/// that has one: what an upstream counts.
class Governors {
 public:
  Governors(const Config::Upstream& config, storage::Clock& clock, storage::Random& random)
      : clock_(clock), random_(random) {
    options_.failures_max = config.failures_max;
    options_.open_time = std::chrono::milliseconds(config.down_ms);
    options_.backoff_base = std::chrono::milliseconds(config.retry_base_ms);
  }
  std::shared_ptr<Governor> of(const Origin& origin, bool has_token) {
    for (const auto& known : known_)
      if (known.origin == origin && known.has_token == has_token) return known.governor;
    known_.push_back({origin, has_token, std::make_shared<Governor>(options_, clock_, random_)});
    return known_.back().governor;
  }

 private:
  struct Known {
    Origin origin;
    bool has_token;
    std::shared_ptr<Governor> governor;
  };
  Governor::Options options_;
  storage::Clock& clock_;
  storage::Random& random_;
  std::vector<Known> known_;
};

}  // namespace

Result<std::unique_ptr<Upstreams>> Upstreams::make(const Config::Upstream& config,
                                                   storage::Clock& clock, storage::Random& random) {
  std::unique_ptr<Upstreams> made(new Upstreams());
  auto urls = list_of(config.urls);
  if (urls.empty()) return made;
  if (urls.size() > upstreams_max) return setting("urls", "too many");
  std::ranges::transform(urls, urls.begin(), without_slash);
  auto trusted = list_of(config.trusted);
  std::ranges::transform(trusted, trusted.begin(), without_slash);
  for (const auto& url : trusted)
    if (std::ranges::find(urls, url) == urls.end())
      return setting("trusted", url + " is not among upstream.urls");
  WAAG_TRY(auto token, read_token(config.token_file));
  WAAG_CHECK(check_rules(config, urls));
  WAAG_TRY(made->http_, HttpClient::start(wire_options(config, urls)));
  Governors governors(config, clock, random);
  for (const auto& url : urls) {
    HubClient::Options options;
    options.base_url = url;
    if (made->hubs_.empty()) options.token = token;  // to the first alone
    options.trusted = trusted.empty() || std::ranges::find(trusted, url) != trusted.end();
    options.retries = config.retries;
    options.retry_base = std::chrono::milliseconds(config.retry_base_ms);
    options.call_time = std::chrono::milliseconds(config.call_timeout_ms);
    auto hop = parse_hop_url(url);
    if (!hop) return setting("urls", hop.error().what);
    auto governor = governors.of(hop->origin, !options.token.empty());
    auto hub = HubClient::make(std::move(options), *made->http_, std::move(governor));
    if (!hub) return setting("urls", hub.error().what);
    made->hubs_.push_back(*std::move(hub));
  }
  return made;
}

void Upstreams::end() {
  for (const auto& hub : hubs_) hub->governor().close();
  if (http_) http_->end();
}

std::vector<HubClient*> Upstreams::trusted() const {
  std::vector<HubClient*> hubs;
  for (const auto& hub : hubs_)
    if (hub->trusted()) hubs.push_back(hub.get());
  return hubs;
}

}  // namespace waag::daemon
