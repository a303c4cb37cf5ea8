#pragma once

#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "protocol/result.h"

namespace waag::daemon {

/// The peers whose X-Forwarded-* headers are believed: anybody else could name any host, and the
/// hub would write it into the signed links that it hands out.
class TrustedProxies {
 public:
  /// @param list  addresses and networks, comma-separated: "127.0.0.0/8, ::1, 10.1.0.0/16"; empty:
  /// nobody. Errc::invalid_argument names the part that is neither
  static Result<TrustedProxies> parse(std::string_view list);
  /// An IPv4 address that came over IPv6 counts as IPv4.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

 private:
  struct Network {
    boost::asio::ip::address base;
    unsigned prefix_bits = 0;
  };
  std::vector<Network> networks_;
};

}  // namespace waag::daemon
