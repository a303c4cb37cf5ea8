#pragma once

#include "daemon/http/routes.h"

/// Every handler of the route table (daemon/http/routes/), which says its method, path, policy
/// and limits.
namespace waag::daemon::api {

using Reply = Task<Result<Response>>;

// health.cc
Reply get_healthz(App& app, Request request);
Reply get_readyz(App& app, Request request);
Reply get_metrics(App& app, Request request);

// resolve.cc
Reply get_resolve(App& app, Request request);
Reply get_raw(App& app, Request request);

// key.cc
Reply get_key(App& app, Request request);

// front_page.cc
Reply get_front_page(App& app, Request request);

// lists/
Reply get_repo_list(App& app, Request request);
Reply get_model_tags(App& app, Request request);
Reply get_dataset_tags(App& app, Request request);
Reply get_quick_search(App& app, Request request);

// info.cc
Reply get_repo_info(App& app, Request request);
/// One-segment ids of old scripts (gpt2): 307 to the canonical id where it is known.
Reply redirect_short_id(App& app, Request request);
/// What of a repo this hub does not have: 404; of a missing repo the code that clients know.
Reply refuse_unsupported(App& app, Request request);

// tree.cc
Reply get_tree(App& app, Request request);
Reply get_tree_size(App& app, Request request);
Reply post_paths_info(App& app, Request request);

// history.cc
Reply get_refs(App& app, Request request);
Reply get_commits(App& app, Request request);

// usage.cc
Reply get_usage(App& app, Request request);

// side_calls.cc
Reply get_auth_check(App& app, Request request);
Reply get_auth_check_write(App& app, Request request);
Reply get_telemetry(App& app, Request request);
Reply get_agent_harnesses(App& app, Request request);
Reply post_validate_yaml(App& app, Request request);

// repos.cc
Reply post_repo_create(App& app, Request request);
Reply delete_repo(App& app, Request request);

// access/
Reply put_repo_settings(App& app, Request request);
Reply post_ask_access(App& app, Request request);
Reply get_access_requests(App& app, Request request);
Reply post_access_handle(App& app, Request request);
Reply post_access_grant(App& app, Request request);

// lifecycle/
Reply post_repo_move(App& app, Request request);
Reply get_trash(App& app, Request request);
Reply post_trash_restore(App& app, Request request);
Reply post_like(App& app, Request request);
Reply delete_like(App& app, Request request);
Reply get_likers(App& app, Request request);
Reply get_user_likes(App& app, Request request);
/// /api/{type}/{name}/like of a one-segment id; whatever else has this shape is 405.
Reply redirect_short_like(App& app, Request request);
Reply post_super_squash(App& app, Request request);
Reply get_lfs_files(App& app, Request request);
Reply post_lfs_files_batch(App& app, Request request);

// ref_changes.cc
Reply post_branch(App& app, Request request);
Reply delete_branch(App& app, Request request);
Reply post_tag(App& app, Request request);
Reply delete_tag(App& app, Request request);

// preupload.cc, commit.cc
Reply post_preupload(App& app, Request request);
Reply post_commit(App& app, Request request);

// forum/
Reply get_discussions(App& app, Request request);
Reply get_discussion(App& app, Request request);
Reply post_discussion(App& app, Request request);
Reply post_discussion_comment(App& app, Request request);
Reply post_comment_edit(App& app, Request request);
Reply post_comment_hide(App& app, Request request);
Reply post_discussion_title(App& app, Request request);
Reply post_discussion_status(App& app, Request request);
Reply post_discussion_merge(App& app, Request request);

// lfs/
Reply post_lfs_batch(App& app, Request request);
Reply post_lfs_locks_verify(App& app, Request request);
Reply get_lfs_object(App& app, Request request);
Reply put_lfs_object(App& app, Request request);
Reply post_lfs_verify(App& app, Request request);
Reply put_lfs_part(App& app, Request request);
Reply post_lfs_complete(App& app, Request request);

// xet/
Reply get_xet_read_token(App& app, Request request);
Reply get_xet_write_token(App& app, Request request);
Reply get_xet_reconstruction(App& app, Request request);
Reply get_xet_reconstruction_v2(App& app, Request request);
Reply get_xet_batch(App& app, Request request);
Reply post_xet_batch(App& app, Request request);
Reply get_xet_chunk(App& app, Request request);
Reply head_xet_xorb(App& app, Request request);
Reply post_xet_xorb(App& app, Request request);
Reply head_xet_file(App& app, Request request);
Reply post_xet_shard(App& app, Request request);
Reply post_xet_shard_stream(App& app, Request request);
Reply get_xet_file_chunks(App& app, Request request);
Reply post_xet_telemetry(App& app, Request request);
Reply get_xet_data(App& app, Request request);
Reply post_lfs_duplicate(App& app, Request request);

// accounts/
Reply get_whoami(App& app, Request request);
Reply get_user_overview(App& app, Request request);
Reply get_org_overview(App& app, Request request);
Reply get_org_members(App& app, Request request);
Reply get_own_repos(App& app, Request request);
Reply get_org_repos(App& app, Request request);
Reply get_orgs(App& app, Request request);
Reply post_org(App& app, Request request);
Reply put_org(App& app, Request request);
Reply delete_org(App& app, Request request);
Reply get_members(App& app, Request request);
Reply put_member(App& app, Request request);
Reply delete_member(App& app, Request request);
Reply get_groups(App& app, Request request);
Reply put_group(App& app, Request request);
Reply delete_group(App& app, Request request);
Reply put_group_member(App& app, Request request);
Reply delete_group_member(App& app, Request request);
Reply post_password(App& app, Request request);
Reply get_collaborators(App& app, Request request);
Reply put_collaborator(App& app, Request request);
Reply delete_collaborator(App& app, Request request);

// git/
Reply get_commit_page(App& app, Request request);
Reply get_git_refs(App& app, Request request);
Reply post_git_upload_pack(App& app, Request request);
Reply post_git_receive_pack(App& app, Request request);
Reply get_raw_refs(App& app, Request request);
Reply post_raw_objects(App& app, Request request);

// jobs/
Reply get_jobs(App& app, Request request);
Reply get_job(App& app, Request request);
Reply delete_job(App& app, Request request);
Reply get_job_events(App& app, Request request);

// admin/
Reply get_status(App& app, Request request);
Reply get_users(App& app, Request request);
Reply post_user(App& app, Request request);
Reply put_user(App& app, Request request);
Reply delete_user(App& app, Request request);
Reply get_tokens(App& app, Request request);
Reply post_token(App& app, Request request);
Reply delete_token(App& app, Request request);

}  // namespace waag::daemon::api
