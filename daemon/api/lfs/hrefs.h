#pragma once

#include <chrono>
#include <string>

#include "daemon/app.h"
#include "daemon/auth/secrets/signed_href.h"
#include "daemon/http/message.h"

/// The paths of our own that LFS hrefs name; what a handler rebuilds to check the signature.
namespace waag::daemon::lfs_hrefs {

inline constexpr std::string_view root = "/api/waag/v1/lfs";
/// How long an href lives: long enough for a slow upload of the largest file.
inline constexpr std::chrono::seconds lifetime{24 * 3600};

inline std::string object(const BlobId& oid) { return std::string(root) + "/objects/" + oid.hex(); }
inline std::string verify(const BlobId& oid) { return std::string(root) + "/verify/" + oid.hex(); }
inline std::string upload(std::string_view id) {
  return std::string(root) + "/uploads/" + std::string(id);
}
inline std::string part(std::string_view id, std::uint64_t number) {
  return upload(id) + "/" + std::to_string(number);
}

/// The grant of the request's query if its signature holds for `method` and `path`.
inline Result<HrefGrant> check(const App& app, std::string_view method, std::string_view path,
                               const Request& request) {
  return check_href(app.href_key, method, path, request.query, app.clock.now());
}

}  // namespace waag::daemon::lfs_hrefs
