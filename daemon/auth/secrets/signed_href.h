#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/http/message.h"
#include "protocol/ids.h"
#include "storage/meta/repo_rows.h"

/// Hrefs of the LFS batch that authorise themselves: hfh sends no Authorization on uploads
/// (HUB_API 1.7).
namespace waag::daemon {

/// What a signature vouches for. All of it is under the HMAC.
struct HrefGrant {
  std::string user;  // "" = anonymous (downloads of public repos)
  std::uint64_t repo_uid = 0;
  BlobId oid;
  std::uint64_t size_bytes = 0;  // of the object, or of the part
};

/// @param method "GET", "PUT" or "POST"
/// @param path   our own path without base URL and query, as the handler rebuilds it
/// @return path + "?user=..&repo=..&oid=..&size=..&expires=..&sig=.."
std::string sign_href(std::string_view key, std::string_view method, std::string_view path,
                      const HrefGrant& grant, storage::TimeMs expires);

/// @return Errc::forbidden if anything was altered or the time is over
Result<HrefGrant> check_href(std::string_view key, std::string_view method, std::string_view path,
                             const Query& query, storage::TimeMs now);

}  // namespace waag::daemon
