#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "daemon/http/net/trusted_proxies.h"
#include "protocol/hub/glob.h"

/// Where a call to an upstream may go: every URL, the first and those of redirects, and every
/// address that a name turns out to have. Source: RELIABILITY 3.2.6.
namespace waag::daemon {

/// What credentials belong to.
struct Origin {
  bool tls = true;
  std::string host;  // small letters; IPv6 without brackets
  std::uint16_t port = 443;

  bool operator==(const Origin&) const = default;
  /// If the host is an address and no name.
  [[nodiscard]] std::optional<boost::asio::ip::address> address() const;
};

struct HopUrl {
  std::string url;  // absolute, without fragment
  Origin origin;
};

/// @return Errc::invalid_argument unless it is an absolute http or https URL without user and
/// password, whose host every parser reads alike
Result<HopUrl> parse_hop_url(std::string_view url);

/// A Location header, absolute or relative to `base`. What careless servers leave bare (spaces,
/// UTF-8, brackets) is percent-encoded. @return Errc::invalid_argument
Result<HopUrl> resolve_location(const HopUrl& base, std::string_view location);

/// Loopback, private, link-local (metadata services), shared (RFC 6598), multicast, unspecified,
/// reserved and documentation networks are not public; IPv6 addresses that carry one of IPv4 count
/// as that one. Source: IANA special-purpose address registries.
bool is_public_address(const boost::asio::ip::address& address);

class HopRules {
 public:
  /// @param redirect_hosts  patterns with * for any part, and a port (* for any) if it is not 443;
  ///                        with http:// in front they allow http, and only that
  static Result<HopRules> make(const std::vector<std::string>& origins,
                               const std::vector<std::string>& redirect_hosts,
                               const std::vector<std::string>& private_networks);

  /// http to the configured origins and where a pattern says so; https also to port 443 of their
  /// hosts, and to the hosts of redirects. @return Errc::upstream_failed that names the host
  [[nodiscard]] Status check(const HopUrl& hop) const;
  /// Whether a connection made for `hop` may go to `address`: public, in a private network that is
  /// allowed, or written as such in a configured origin.
  [[nodiscard]] bool allows(const Origin& hop, const boost::asio::ip::address& address) const;

 private:
  struct HostPattern {
    hub::Glob host;
    std::optional<std::uint16_t> port = 443;  // nullopt: any
    bool tls = true;
  };
  [[nodiscard]] bool is_configured(const Origin& origin) const;
  Status add_pattern(std::string_view pattern);

  std::vector<Origin> origins_;
  std::vector<HostPattern> patterns_;
  TrustedProxies private_networks_;  // a list of networks as any other
};

}  // namespace waag::daemon
