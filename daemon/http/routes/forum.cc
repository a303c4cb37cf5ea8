#include "daemon/api/handlers.h"
#include "daemon/http/routes/families.h"

namespace waag::daemon::families {
namespace {

constexpr Limits comment_body{512u << 10};

}  // namespace

Family forum() {
  return {
      {Method::get, "/api/{type}/{ns}/{name}/discussions", "discussions", Policy::read_repo,
       no_body, api::get_discussions,
       "Discussions and pull requests, newest first: type, status, author, p."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions", "discussion_create", Policy::user,
       comment_body, api::post_discussion,
       "title, description, pullRequest: a discussion, or a draft with its ref."},
      {Method::get, "/api/{type}/{ns}/{name}/discussions/{number}", "discussion", Policy::read_repo,
       no_body, api::get_discussion,
       "One with its events; of a pull request conflicts, with diff=1 its changes."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/comment", "discussion_comment",
       Policy::user, comment_body, api::post_discussion_comment, "comment."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/comment/{comment}/edit",
       "comment_edit", Policy::user, comment_body, api::post_comment_edit,
       "content; by its author or a writer."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/comment/{comment}/hide",
       "comment_hide", Policy::user, comment_body, api::post_comment_hide,
       "Removes the text for good; by its author or a writer."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/title", "discussion_title",
       Policy::user, comment_body, api::post_discussion_title, "title; by the author or a writer."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/status", "discussion_status",
       Policy::user, comment_body, api::post_discussion_status,
       "status open or closed, comment; by the author or a writer."},
      {Method::post, "/api/{type}/{ns}/{name}/discussions/{number}/merge", "discussion_merge",
       Policy::write_repo, comment_body, api::post_discussion_merge,
       "Merges a pull request into its base; 409 names conflicting files. comment."},
  };
}

}  // namespace waag::daemon::families
