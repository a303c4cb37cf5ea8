#include "daemon/auth/secrets/signed_href.h"

#include <charconv>
#include <optional>

#include "protocol/hash.h"

namespace waag::daemon {
namespace {

/// One field a line: no field can hold a line feed (users are [A-Za-z0-9._-], paths are ours).
std::string signature(std::string_view key, std::string_view method, std::string_view path,
                      const HrefGrant& grant, std::int64_t expires_s) {
  std::string text = "waag-href-1\n";
  text.append(method).append("\n").append(path).append("\n").append(grant.user).append("\n");
  text += std::to_string(grant.repo_uid) + "\n" + grant.oid.hex() + "\n";
  text += std::to_string(grant.size_bytes) + "\n" + std::to_string(expires_s);
  return hmac_sha256(as_bytes(key), as_bytes(text)).hex();
}

template <class T>
std::optional<T> number(const Query& query, std::string_view name) {
  const auto text = query.get(name);
  if (!text || text->empty()) return std::nullopt;
  T value{};
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string sign_href(std::string_view key, std::string_view method, std::string_view path,
                      const HrefGrant& grant, storage::TimeMs expires) {
  const std::int64_t expires_s = expires.count() / 1000;
  std::string href(path);
  href += "?user=" + grant.user + "&repo=" + std::to_string(grant.repo_uid);
  href += "&oid=" + grant.oid.hex() + "&size=" + std::to_string(grant.size_bytes);
  href += "&expires=" + std::to_string(expires_s);
  href += "&sig=" + signature(key, method, path, grant, expires_s);
  return href;
}

Result<HrefGrant> check_href(std::string_view key, std::string_view method, std::string_view path,
                             const Query& query, storage::TimeMs now) {
  const auto bad = [] { return fail(Errc::forbidden, "bad or expired signature"); };
  const auto repo = number<std::uint64_t>(query, "repo");
  const auto size = number<std::uint64_t>(query, "size");
  const auto expires_s = number<std::int64_t>(query, "expires");
  const auto user = query.get("user");
  const auto sig = query.get("sig");
  const auto oid = BlobId::parse(query.get("oid").value_or(""));
  if (!repo || !size || !expires_s || !user || !sig || !oid) return bad();
  const HrefGrant grant{std::string(*user), *repo, *oid, *size};
  const auto expected = signature(key, method, path, grant, *expires_s);
  if (!equal_constant_time(as_bytes(expected), as_bytes(*sig))) return bad();
  if (*expires_s <= now.count() / 1000) return bad();
  return grant;
}

}  // namespace waag::daemon
