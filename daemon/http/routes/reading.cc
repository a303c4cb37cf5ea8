#include "daemon/api/handlers.h"
#include "daemon/api/v2/v2_handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {

Family health() {
  return {
      {Method::get, "/", "front_page", Policy::none, no_body, api::get_front_page,
       "A page that says what this is and how to point a client at it."},
      {Method::get, "/healthz", "healthz", Policy::none, no_body, api::get_healthz,
       "The process is alive; touches nothing."},
      {Method::get, "/readyz", "readyz", Policy::none, no_body, api::get_readyz,
       "200 if the store can be written, else 503; JSON with each check."},
      {Method::get, "/metrics", "metrics", Policy::none, no_body, api::get_metrics,
       "OpenMetrics text."},
  };
}

Family files() {
  return {
      {Method::get, "/{web}/{ns}/{name}/resolve/{rest...}", "resolve", Policy::read_repo, no_body,
       api::get_resolve, "A file at a revision: HEAD, ranges, ETag, the commit pinned by HEAD."},
      {Method::get, "/api/resolve-cache/{type}/{ns}/{name}/{rest...}", "resolve_cache",
       Policy::read_repo, no_body, api::get_resolve, "The same by commit, for copied URLs."},
      {Method::get, "/{web}/{ns}/{name}/raw/{rest...}", "raw", Policy::read_repo, no_body,
       api::get_raw, "The git blob: of an LFS file its pointer."},
      {Method::get, "/v2/{ns}/{name}/manifests/{tag}", "v2_manifest", Policy::read_repo, no_body,
       api::get_v2_manifest,
       "A GGUF model of main as Ollama's image manifest; for older llama.cpp the file's name."},
      {Method::get, "/v2/{ns}/{name}/blobs/{digest}", "v2_blob", Policy::read_repo, no_body,
       api::get_v2_blob, "What such a manifest names, by sha256: HEAD, ranges, Location."},
      {Method::get, "/{web}/{name}/resolve/{rest...}", "resolve_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id to the repo of that name."},
  };
}

Family metadata() {
  return {
      {Method::get, "/api/{type}", "repo_list", Policy::read_repo, no_body, api::get_repo_list,
       "Repos that the caller may see: search, author, filter, pipeline_tag, gated, "
       "num_parameters, "
       "sort, direction, limit, cursor; full, cardData, config, expand."},
      {Method::get, "/api/models-tags-by-type", "model_tags", Policy::read_repo, no_body,
       api::get_model_tags, "Tags of the models that the caller may see, by type."},
      {Method::get, "/api/datasets-tags-by-type", "dataset_tags", Policy::read_repo, no_body,
       api::get_dataset_tags, "Tags of the datasets that the caller may see, by type."},
      {Method::get, "/api/quicksearch", "quick_search", Policy::read_repo, no_body,
       api::get_quick_search, "A few repos of each type whose name holds q: type, limit."},
      {Method::get, "/api/{type}/{ns}/{name}", "repo_info", Policy::read_repo, no_body,
       api::get_repo_info, "A repo at main: blobs, securityStatus, expand."},
      {Method::get, "/api/{type}/{ns}/{name}/revision/{rest...}", "revision_info",
       Policy::read_repo, no_body, api::get_repo_info,
       "A repo at a revision: blobs, securityStatus, expand."},
      {Method::get, "/api/{type}/{name}", "repo_info_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{name}/revision/{rest...}", "revision_info_short",
       Policy::read_repo, no_body, api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{name}/tree/{rest...}", "tree_short", Policy::read_repo, no_body,
       api::redirect_short_id, "307 from a one-segment id."},
      {Method::get, "/api/{type}/{ns}/{name}/tree/{rest...}", "tree", Policy::read_repo, no_body,
       api::get_tree, "Entries of a folder: recursive, expand, limit, cursor."},
      {Method::get, "/api/{type}/{ns}/{name}/treesize/{rest...}", "treesize", Policy::read_repo,
       no_body, api::get_tree_size, "Bytes of all files below a path."},
      {Method::post, "/api/{type}/{ns}/{name}/paths-info/{rest...}", "paths_info",
       Policy::read_repo, Limits{4u << 20}, api::post_paths_info,
       "Entries of up to 1000 paths, as a form or JSON; missing ones are left out."},
      {Method::get, "/api/{type}/{ns}/{name}/refs", "refs", Policy::read_repo, no_body,
       api::get_refs, "Branches, tags, converts; pull requests with include_prs."},
      {Method::get, "/api/{type}/{ns}/{name}/commits/{rest...}", "commits", Policy::read_repo,
       no_body, api::get_commits, "History of a revision or of one path, newest first: p, limit."},
      {Method::get, "/api/{type}/{ns}/{name}/lfs-files", "lfs_files", Policy::read_repo, no_body,
       api::get_lfs_files, "LFS files of all refs and their history: limit, cursor."},
      {Method::get, "/api/{type}/{ns}/{name}/likers", "likers", Policy::read_repo, no_body,
       api::get_likers, "Users who like a repo: limit, cursor."},
      {Method::get, "/api/users/{user}/likes", "user_likes", Policy::read_repo, no_body,
       api::get_user_likes, "Repos that a user likes and the caller may see: limit, cursor."},
      {Method::get, "/api/{type}/{ns}/{name}/auth-check", "auth_check", Policy::read_repo, no_body,
       api::get_auth_check, "200 if the caller may read the repo and its files."},
      {Method::get, "/api/{type}/{ns}/{name}/auth-check/write", "auth_check_write",
       Policy::write_repo, no_body, api::get_auth_check_write,
       "200 if the caller may write to the repo."},
      {Method::get, "/api/{type}/{ns}/{name}/{rest...}", "unsupported", Policy::read_repo, no_body,
       api::refuse_unsupported, "404 for whatever else clients ask of a repo."},
      {Method::post, "/api/{type}/{ns}/{name}/{rest...}", "unsupported_post", Policy::read_repo,
       Limits{1u << 20}, api::refuse_unsupported, "404 for whatever else clients ask of a repo."},
  };
}

Family side_calls() {
  return {
      {Method::post, "/api/validate-yaml", "validate_yaml", Policy::none, Limits{16u << 20},
       api::post_validate_yaml, "Problems of a model card's metadata; always JSON."},
      {Method::get, "/api/agent-harnesses", "agent_harnesses", Policy::none, no_body,
       api::get_agent_harnesses, "An empty registry."},
      {Method::get, "/api/telemetry/{rest?...}", "telemetry", Policy::none, no_body,
       api::get_telemetry, "200; nothing is kept."},
  };
}

}  // namespace waag::daemon::families
