#include "daemon/upstream/wire/hop_rules.h"

#include <algorithm>
#include <charconv>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include "protocol/git/path.h"
#include "protocol/http/url_path.h"

namespace waag::daemon {
namespace {

namespace urls = boost::urls;
using boost::asio::ip::address;

/// Longer ones are signed by nobody that we know (CloudFront's are below 4 KiB).
constexpr std::size_t url_bytes_max = 16 * 1024;

Error bad_url(const char* why) {
  return fail(Errc::invalid_argument, std::string("URL of an upstream: ") + why);
}

/// Names and IPv4 addresses: nothing that one parser decodes and another does not.
bool is_plain_name(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool parse_port(std::string_view digits, std::uint16_t& port) {
  const auto end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, port);
  return parsed.ec == std::errc() && parsed.ptr == end && port != 0;
}

Result<Origin> origin_of(const urls::url_view& url) {
  Origin origin;
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http)
    return bad_url("neither http nor https");
  origin.tls = url.scheme_id() == urls::scheme::https;
  if (url.has_userinfo()) return bad_url("names a user");
  const auto host = url.encoded_host();
  origin.host = git::fold_case(std::string_view(host.data(), host.size()));
  if (origin.host.starts_with('[')) {
    origin.host = origin.host.substr(1, origin.host.size() - 2);
    boost::system::error_code bad;
    const auto v6 = boost::asio::ip::make_address_v6(origin.host, bad);
    if (bad || origin.host.find('%') != std::string::npos) return bad_url("malformed address");
    origin.host = v6.to_string();
  } else if (!is_plain_name(origin.host)) {
    return bad_url("malformed host");
  }
  origin.port = origin.tls ? 443 : 80;
  const auto port = url.port();
  if (!port.empty() && !parse_port({port.data(), port.size()}, origin.port))
    return bad_url("malformed port");
  return origin;
}

/// The bytes that RFC 3986 forbids but browsers let pass.
std::string with_escapes(std::string_view location) {
  constexpr std::string_view never = " \"<>^`{|}";
  bool in_query = false;
  std::string out;
  for (const char c : location) {
    in_query = in_query || c == '?';
    const bool bracket = in_query && (c == '[' || c == ']');
    if (bracket || never.find(c) != never.npos || static_cast<unsigned char>(c) >= 0x80)
      out += http::percent_encode(std::string_view(&c, 1));
    else
      out += c;
  }
  return out;
}

bool in(const address& given, const TrustedProxies& networks) { return networks.contains(given); }

TrustedProxies built_in(std::string_view list) {
  auto networks = TrustedProxies::parse(list);
  return networks ? *std::move(networks) : TrustedProxies();
}

bool is_public_v4(const boost::asio::ip::address_v4& given) {
  static const auto others = built_in(
      "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "
      "192.0.0.0/24, 192.0.2.0/24, 192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, "
      "198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/3");
  return !in(given, others);
}

boost::asio::ip::address_v4 embedded_v4(const boost::asio::ip::address_v6& given,
                                        std::size_t first_byte) {
  const auto bytes = given.to_bytes();
  boost::asio::ip::address_v4::bytes_type v4{};
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(first_byte), v4.size(), v4.begin());
  return boost::asio::ip::address_v4(v4);
}

}  // namespace

std::optional<address> Origin::address() const {
  boost::system::error_code bad;
  const auto parsed = boost::asio::ip::make_address(host, bad);
  return bad ? std::nullopt : std::optional(parsed);
}

Result<HopUrl> parse_hop_url(std::string_view text) {
  if (text.size() > url_bytes_max) return bad_url("too long");
  const auto url = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!url) return bad_url("malformed");
  WAAG_TRY(auto origin, origin_of(*url));
  return HopUrl{std::string(text.substr(0, text.find('#'))), std::move(origin)};
}

Result<HopUrl> resolve_location(const HopUrl& base, std::string_view location) {
  const auto text = with_escapes(location);
  if (text.size() > url_bytes_max) return bad_url("too long");
  const auto reference = urls::parse_uri_reference(text);
  if (!reference) return bad_url("malformed");
  if (reference->has_scheme()) return parse_hop_url(text);  // byte for byte: it may be signed
  const auto from = urls::parse_uri(base.url);
  urls::url made;
  if (!from || !urls::resolve(*from, *reference, made)) return bad_url("malformed");
  return parse_hop_url(std::string_view(made.buffer().data(), made.buffer().size()));
}

bool is_public_address(const address& given) {
  if (given.is_v4()) return is_public_v4(given.to_v4());
  static const auto unicast = built_in("2000::/3");
  static const auto not_public = built_in("2001::/23, 2001:db8::/32, 3fff::/20");
  static const auto six_to_four = built_in("2002::/16");
  static const auto translated = built_in("64:ff9b::/96");
  const auto v6 = given.to_v6();
  if (v6.is_v4_mapped()) return is_public_v4(embedded_v4(v6, 12));
  if (in(given, translated)) return is_public_v4(embedded_v4(v6, 12));
  if (in(given, six_to_four)) return is_public_v4(embedded_v4(v6, 2));
  return in(given, unicast) && !in(given, not_public);
}

Result<HopRules> HopRules::make(const std::vector<std::string>& origins,
                                const std::vector<std::string>& redirect_hosts,
                                const std::vector<std::string>& private_networks) {
  HopRules rules;
  for (const auto& origin : origins) {
    WAAG_TRY(auto hop, parse_hop_url(origin));
    rules.origins_.push_back(std::move(hop.origin));
  }
  for (const auto& pattern : redirect_hosts) WAAG_CHECK(rules.add_pattern(pattern));
  std::string list;
  for (const auto& network : private_networks) list += network + ",";
  WAAG_TRY(rules.private_networks_, TrustedProxies::parse(list));
  return rules;
}

Status HopRules::add_pattern(std::string_view pattern) {
  HostPattern made{hub::Glob("", hub::Glob::Scope::name), 443};
  constexpr std::string_view plain = "http://";
  if (pattern.starts_with(plain)) {
    made.tls = false;
    made.port = 80;
    pattern.remove_prefix(plain.size());
  }
  const auto colon = pattern.find(':');
  const auto port = colon == pattern.npos ? "" : pattern.substr(colon + 1);
  std::uint16_t number = 0;
  if (port == "*")
    made.port.reset();
  else if (!port.empty() && parse_port(port, number))
    made.port = number;
  else if (colon != pattern.npos)
    return fail(Errc::invalid_argument, "redirect host with a malformed port");
  auto host = git::fold_case(pattern.substr(0, colon));
  auto letters = host;
  std::erase(letters, '*');
  if (host.empty() || (!letters.empty() && !is_plain_name(letters)))
    return fail(Errc::invalid_argument, "malformed redirect host: " + std::string(pattern));
  made.host = hub::Glob(host, hub::Glob::Scope::name);
  patterns_.push_back(std::move(made));
  return ok();
}

bool HopRules::is_configured(const Origin& origin) const {
  return std::ranges::find(origins_, origin) != origins_.end();
}

Status HopRules::check(const HopUrl& hop) const {
  const auto& origin = hop.origin;
  const auto literal = origin.address();
  // Also here, for behind a proxy nobody asks for the address of the connection.
  if (literal && !allows(origin, *literal))
    return fail(Errc::upstream_failed, "address not allowed: " + origin.host);
  if (is_configured(origin)) return ok();
  const bool own = std::ranges::any_of(
      origins_, [&](const Origin& configured) { return configured.host == origin.host; });
  if (own && origin.tls && origin.port == 443) return ok();
  for (const auto& pattern : patterns_)
    if (pattern.tls == origin.tls && pattern.port.value_or(origin.port) == origin.port &&
        pattern.host.matches(origin.host))
      return ok();
  if (!origin.tls) return fail(Errc::upstream_failed, "http not allowed: " + origin.host);
  return fail(Errc::upstream_failed, "host not allowed: " + origin.host);
}

bool HopRules::allows(const Origin& hop, const address& given) const {
  if (is_public_address(given) || private_networks_.contains(given)) return true;
  return is_configured(hop) && hop.address() == given;
}

}  // namespace waag::daemon
