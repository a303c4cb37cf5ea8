#include "daemon/auth/moved.h"

#include <vector>

#include "daemon/api/common/target.h"
#include "daemon/app.h"
#include "daemon/auth/permission.h"

namespace waag::daemon {
namespace {

constexpr std::string_view git_ending = ".git";

/// "/a/b" is "", "a", "b".
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

/// Which part of a target is the namespace; the name follows it.
std::size_t namespace_part(const Route& route, RepoType asked) {
  std::size_t at = 0;
  bool behind_web = false;
  for (const auto part : split(route.path)) {
    if (part == "{ns}") break;
    behind_web = behind_web || part == "{web}";
    ++at;
  }
  // Models have no prefix on the web side.
  return behind_web && asked == RepoType::model ? at - 1 : at;
}

}  // namespace

AskedRepo AskedRepo::of(const Request& request) {
  AskedRepo asked;
  if (!request.captures.contains("ns") || !request.captures.contains("name")) return asked;
  const auto id = repo_of(request);
  if (!id) return asked;
  asked.id = *id;
  asked.target = request.target;
  return asked;
}

std::string moved_target(const Route& route, std::string_view target, RepoType asked,
                         const RepoId& now) {
  const auto query = target.find('?');
  const auto ns_at = namespace_part(route, asked);
  auto parts = split(target.substr(0, query));
  std::string moved;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) moved += '/';
    if (i == ns_at) {
      moved += now.ns;
    } else if (i == ns_at + 1) {
      moved += now.name;
      if (parts[i].ends_with(git_ending)) moved += git_ending;
    } else {
      moved += parts[i];
    }
  }
  if (query != std::string_view::npos) moved += target.substr(query);
  return moved;
}

Task<std::optional<Response>> redirect_if_moved(App& app, const Route& route, Identity who,
                                                AskedRepo asked) {
  if (!asked.id) co_return std::nullopt;
  auto look_up = [&store = app.store, id = *asked.id, who]() -> Result<std::optional<RepoId>> {
    auto repo = store.find_moved_repo(id);
    if (!repo && repo.error().code == Errc::repo_not_found) return std::optional<RepoId>{};
    if (!repo) return std::move(repo).error();
    if (!may(who, *repo, Action::read)) return std::optional<RepoId>{};
    return std::optional(repo->id);
  };
  const auto now = co_await offload(app.blocking, std::move(look_up));
  if (!now || !*now) co_return std::nullopt;
  auto response = text_response("", 307);
  response.headers.set("Location", moved_target(route, asked.target, asked.id->type, **now));
  response.headers.set("Vary", "Authorization");
  co_return response;
}

}  // namespace waag::daemon
