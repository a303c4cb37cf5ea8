#include "daemon/api/convert/convert_handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {

Family jobs() {
  return {
      {Method::get, "/api/waag/v1/jobs", "jobs", Policy::user, no_body, api::get_jobs,
       "The caller's jobs, newest first; everybody's for hub admins and auditors. state, kind, "
       "user, limit, cursor."},
      {Method::get, "/api/waag/v1/jobs/{job}", "job", Policy::user, no_body, api::get_job,
       "One job, with its progress of now."},
      {Method::del, "/api/waag/v1/jobs/{job}", "job_cancel", Policy::user, Limits{64u << 10},
       api::delete_job, "Cancels a job: a queued one at once, a running one soon."},
      {Method::get, "/api/waag/v1/jobs/{job}/events", "job_events", Policy::user, no_body,
       api::get_job_events,
       "Server-sent events until the job is over: state (the job) and progress."},
      {Method::post, "/api/waag/v1/convert", "convert", Policy::user, Limits{64u << 10},
       api::post_conversion,
       "Submits a job that makes other formats of a model and publishes them: source, revision, "
       "targets (gguf:Q4_K_M, safetensors:fp8-dynamic, ...), name, imatrix, allow_requantize, "
       "via, split_bytes, validate."},
  };
}

}  // namespace waag::daemon::families
