#include "protocol/ids.h"

#include <algorithm>

namespace waag {
namespace {

constexpr std::size_t repo_name_bytes_max = 96;

bool is_name(std::string_view part) {
  if (part.empty() || part.size() > repo_name_bytes_max) return false;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!std::ranges::all_of(part, allowed)) return false;
  const auto edge = [](char c) { return c == '-' || c == '.'; };
  if (edge(part.front()) || edge(part.back())) return false;
  return part.find("--") == part.npos && part.find("..") == part.npos && !part.ends_with(".git");
}

}  // namespace

std::string_view api_plural(RepoType type) {
  constexpr std::string_view names[] = {"models", "datasets", "spaces"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view web_prefix(RepoType type) {
  constexpr std::string_view names[] = {"", "datasets/", "spaces/"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view to_string(RepoType type) {
  constexpr std::string_view names[] = {"model", "dataset", "space"};
  return names[static_cast<std::size_t>(type)];
}

Result<RepoType> parse_repo_type(std::string_view singular) {
  if (singular == "model") return RepoType::model;
  if (singular == "dataset") return RepoType::dataset;
  if (singular == "space") return RepoType::space;
  return fail(Errc::invalid_argument, "unknown repository type");
}

Result<RepoId> RepoId::make(RepoType type, std::string_view ns, std::string_view name) {
  if (!is_name(ns) || !is_name(name)) return fail(Errc::invalid_argument, "invalid repository id");
  return RepoId{type, std::string(ns), std::string(name)};
}

}  // namespace waag
