#pragma once

#include <optional>
#include <string>

#include "cli/context.h"

namespace waag::cli {

/// A repo as users type it: namespace/name and --type.
struct RepoName {
  std::string ns, name;
  std::string type;  // model, dataset or space
};

/// nullopt if `id` is not of the form namespace/name.
std::optional<RepoName> parse_repo_name(const std::string& id, const std::string& type);

/// Says what a repo's name looks like. @return the exit code for it
int bad_repo_name(const Context& context, const std::string& id);

/// "/api/models/ada/tiny"
std::string api_path(const RepoName& repo);

}  // namespace waag::cli
