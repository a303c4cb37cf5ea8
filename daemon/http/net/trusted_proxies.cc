#include "daemon/http/net/trusted_proxies.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace waag::daemon {
namespace {

using boost::asio::ip::address;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

address unmapped(const address& given) {
  if (!given.is_v6() || !given.to_v6().is_v4_mapped()) return given;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, given.to_v6());
}

unsigned bits_of(const address& of) { return of.is_v4() ? 32 : 128; }

template <class Octets>
bool same_prefix(const Octets& a, const Octets& b, unsigned bits) {
  for (std::size_t i = 0; bits > 0; ++i) {
    const auto count = std::min(bits, 8u);
    if (((a[i] ^ b[i]) >> (8 - count)) != 0) return false;
    bits -= count;
  }
  return true;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  TrustedProxies made;
  while (!trimmed(list).empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto part = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto slash = part.find('/');
    boost::system::error_code bad;
    Network network;
    network.base = unmapped(boost::asio::ip::make_address(std::string(part.substr(0, slash)), bad));
    network.prefix_bits = bits_of(network.base);
    bool good = !bad;
    if (good && slash != part.npos) {
      const auto digits = part.substr(slash + 1);
      const auto end = digits.data() + digits.size();
      const auto parsed = std::from_chars(digits.data(), end, network.prefix_bits);
      good = parsed.ec == std::errc() && parsed.ptr == end &&
             network.prefix_bits <= bits_of(network.base);
    }
    if (!good)
      return fail(Errc::invalid_argument,
                  "not an address or network: \"" + std::string(part) + "\"");
    made.networks_.push_back(network);
  }
  return made;
}

bool TrustedProxies::contains(const address& given) const {
  const auto asked = unmapped(given);
  for (const auto& network : networks_) {
    if (network.base.is_v4() != asked.is_v4()) continue;
    const bool same = asked.is_v4() ? same_prefix(network.base.to_v4().to_bytes(),
                                                  asked.to_v4().to_bytes(), network.prefix_bits)
                                    : same_prefix(network.base.to_v6().to_bytes(),
                                                  asked.to_v6().to_bytes(), network.prefix_bits);
    if (same) return true;
  }
  return false;
}

}  // namespace waag::daemon
