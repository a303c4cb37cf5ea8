#pragma once

#include <optional>
#include <string>

#include "daemon/convert/convert_spec.h"
#include "daemon/http/message.h"
#include "storage/meta/jobs/job_row.h"
#include "storage/store.h"

namespace waag::daemon {

struct App;

/// The repo that a conversion of `source` is published to, if `who` may; nullopt: it is still to be
/// made, and `who` may do that. What comes of a repo is never easier to see than itself.
/// @return Errc::repo_not_found, forbidden; conflict if it cannot take it. Blocks
Result<std::optional<storage::RepoRow>> find_destination(storage::Store& store, const Identity& who,
                                                         const storage::RepoRow& source,
                                                         const RepoId& destination);

/// Submits the job, if the asker may read the source's files and write what comes of them.
/// @param base_url  under which people see this hub
/// @return the job; errors of authorised_repo, need_files and find_destination;
///         revision_not_found; invalid_argument. Blocks
Result<storage::JobRow> submit_conversion(App& app, const Identity& who, const ConvertWish& wish,
                                          const std::string& base_url, std::int32_t priority);

/// The same for what a mirror has brought, as who asked for that. @return the job's id
Result<std::uint64_t> convert_mirrored(App& app, const storage::JobAsker& asker, const RepoId& repo,
                                       const CommitId& commit,
                                       const std::vector<std::string>& targets);

}  // namespace waag::daemon
