#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/meta/repo_rows.h"

/// Access tokens of the Xet protocol: what a hub token is exchanged for. One says which hub token
/// it was made from and what for; it carries no right of its own. Each request that shows one is
/// judged anew: the hub token must live and its user still have the right
/// (daemon/api/xet/access.h).
namespace waag::daemon {

enum class XetScope : std::uint8_t {
  read,
  pull,   // reads, and uploads for a pull request
  write,  // reads, and uploads
};

struct XetGrant {
  std::string token_id;  // public id of the hub token; "" = anonymous
  std::uint64_t repo_uid = 0;
  XetScope scope{XetScope::read};

  bool operator==(const XetGrant&) const = default;
};

/// "waag-xet~…", of letters, digits, '-' and '~' alone, about 110 bytes.
std::string mint_xet_token(std::string_view key, const XetGrant& grant, storage::TimeMs expires);

/// @return Errc::unauthenticated if anything was altered or the time is over
Result<XetGrant> open_xet_token(std::string_view key, std::string_view text, storage::TimeMs now);

/// The name of this store in the URLs of its Xet server, "g1-" and 8 digits. Clients keep what they
/// know of a store's chunks for weeks in a folder that is named after the URL: a store that was
/// wiped and made anew must have another one. It is derived from the store's secret, which is as
/// old as the store.
std::string xet_generation(std::string_view key);

}  // namespace waag::daemon
