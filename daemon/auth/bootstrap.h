#pragma once

#include <filesystem>
#include <string>

#include "storage/os/clock.h"
#include "storage/store.h"

namespace waag::daemon {

inline constexpr std::string_view admin_user = "admin";

/// On the first start of a store: makes the hub admin `admin` with one token without expiry and
/// writes that token to DATA/admin.token (0600). There is no default password (DESIGN 7). Does
/// nothing once the user exists, so a revoked token stays revoked. A crash at any point is finished
/// by the next call.
/// @return true if it was the first start
Result<bool> bootstrap_admin(storage::Store& store, const std::filesystem::path& data,
                             storage::Clock& clock, storage::Random& random);

/// The 32 bytes that sign LFS hrefs: DATA/href.key (0600), made on the first call.
Result<std::string> load_href_key(const std::filesystem::path& data, storage::Random& random);

}  // namespace waag::daemon
