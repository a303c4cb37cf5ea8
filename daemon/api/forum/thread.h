#pragma once

#include "daemon/auth/permission.h"
#include "daemon/http/message.h"
#include "storage/store.h"

/// Which discussion a request is about, and who may change it.
namespace waag::daemon {

/// Bodies hold a comment, in the longest spelling that JSON has for it (six bytes a character).
inline constexpr std::size_t thread_body_bytes_max = 512u << 10;

/// The discussion of the capture `number`. Errc::not_found. Blocks.
Result<storage::DiscussionRow> find_discussion(storage::Store& store, const Request& request,
                                               const storage::RepoRow& repo);

/// Errc::forbidden if the repo's owner has switched discussions off.
Status check_open_for_discussion(const storage::RepoRow& repo);

/// Errc::forbidden unless `who` wrote it or may write to the repo.
Status check_own_or_writer(const Identity& who, const storage::RepoRow& repo,
                           std::string_view author);

}  // namespace waag::daemon
