#include "cli/repo_id.h"

#include <ostream>

namespace waag::cli {

std::optional<RepoName> parse_repo_name(const std::string& id, const std::string& type) {
  const auto slash = id.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == id.size()) return std::nullopt;
  if (id.find('/', slash + 1) != std::string::npos) return std::nullopt;
  return RepoName{id.substr(0, slash), id.substr(slash + 1), type};
}

int bad_repo_name(const Context& context, const std::string& id) {
  context.world.err << "waag: a repo is named namespace/name, not " << id << '\n';
  return exit_usage;
}

std::string api_path(const RepoName& repo) {
  return "/api/" + std::string(plural(repo.type)) + "/" + encode_segment(repo.ns) + "/" +
         encode_segment(repo.name);
}

}  // namespace waag::cli
