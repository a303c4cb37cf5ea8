#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/message.h"
#include "protocol/http/byte_range.h"
#include "protocol/ids.h"
#include "storage/meta/repo_rows.h"

/// URLs under which parts of xorbs are to be had without credentials: clients send none to them
/// (XET 5.3). A reconstruction may hold thousands, so they are short.
namespace waag::daemon {

/// More ranges than that would make a URL longer than a request line may be (8 KiB).
inline constexpr std::size_t xet_url_ranges_max = 256;

/// What a signature vouches for. All of it is under the HMAC.
struct XetUrlGrant {
  XorbHash xorb;
  std::vector<http::ByteRange> ranges;  // 1 to xet_url_ranges_max
  std::uint64_t repo_uid = 0;           // through which the file may be read
  std::string token_id;                 // of whom it was made for; "" = anonymous

  bool operator==(const XetUrlGrant&) const = default;
};

/// "b=0-131071,…&r=…&t=…&e=…&s=…": the query of such a URL.
std::string sign_xet_url(std::string_view key, const XetUrlGrant& grant, storage::TimeMs expires);

/// @param xorb  of the URL's path
/// @return Errc::forbidden if anything was altered or the time is over
Result<XetUrlGrant> check_xet_url(std::string_view key, const XorbHash& xorb, const Query& query,
                                  storage::TimeMs now);

}  // namespace waag::daemon
