#include "daemon/api/common/target.h"
#include "daemon/api/git/refs.h"
#include "daemon/api/git/wire.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/git/pkt_line.h"

/// GET info/refs: the first request of every fetch and push. Source: HUB_API 7.1.
namespace waag::daemon::api {
namespace {

constexpr std::string_view fetch_service = "git-upload-pack";
constexpr std::string_view push_service = "git-receive-pack";

/// Capabilities of git-upload-pack in versions 0 and 1.
constexpr std::string_view fetch_capabilities =
    "multi_ack_detailed no-done side-band-64k ofs-delta shallow deepen-since deepen-not "
    "deepen-relative no-progress include-tag allow-tip-sha1-in-want allow-reachable-sha1-in-want "
    "filter symref=HEAD:refs/heads/main object-format=sha1 ";
constexpr std::string_view push_capabilities =
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta "
    "object-format=sha1 ";

/// Version 2 says what it can do; refs are asked for by a command.
std::string commands_of_v2() {
  std::string text;
  for (const auto* line :
       {"version 2\n", "ls-refs\n", "fetch=shallow wait-for-done filter\n", "object-format=sha1\n"})
    git::append_pkt(text, line);
  git::append_pkt(text, std::string(git_wire::agent) + "\n");
  text += git::pkt_flush;
  return text;
}

Result<std::string> advertise(storage::Store& store, const Request& request,
                              const storage::RepoRow& repo, bool push) {
  const int version = git_wire::protocol_version(request);
  if (version == 2 && !push) return commands_of_v2();
  std::string text;
  git::append_pkt(text, "# service=" + std::string(push ? push_service : fetch_service) + "\n");
  text += git::pkt_flush;
  if (version == 1) git::append_pkt(text, "version 1\n");
  const auto capabilities =
      std::string(push ? push_capabilities : fetch_capabilities) + std::string(git_wire::agent);
  WAAG_TRY(const auto refs,
           push ? refs_for_push(store, repo.uid) : refs_for_fetch(store, repo.uid));
  append_advertisement(text, refs, capabilities);
  return text;
}

Result<Response> answer_refs(storage::Store& store, const Request& request, const RepoId& id) {
  const auto service = request.query.get("service").value_or("");
  const bool push = service == push_service;
  WAAG_TRY(const auto repo, push ? authorised_repo(store, request.who, id, Action::write)
                                 : git_wire::fetchable_repo(store, request.who, id));
  if (service != fetch_service && service != push_service)
    return fail(Errc::invalid_argument, "The dumb git protocol is not supported: update git");
  WAAG_TRY(auto text, advertise(store, request, repo, push));
  auto response = git_wire::reply("application/x-" + std::string(service) + "-advertisement");
  response.body = std::move(text);
  return response;
}

}  // namespace

Reply get_git_refs(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return answer_refs(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
