#pragma once

#include <string>

#include "daemon/http/message.h"
#include "storage/meta/jobs/job_row.h"

/// Jobs as the API shows them, and to whom.
namespace waag::daemon {

/// All of a job.
std::string job_json(const storage::JobRow& row);
/// {"doneBytes":1,"totalBytes":2,...}
std::string progress_json(const storage::JobProgress& progress);

/// Whoever asked for the job, hub admins and auditors. A fine-grained token sees what was asked for
/// with itself. To all others a job looks as if it were not there.
bool sees_job(const Identity& who, const storage::JobRow& row);
/// Its owner, with a token that may change things, and hub admins.
bool may_cancel_job(const Identity& who, const storage::JobRow& row);

}  // namespace waag::daemon
