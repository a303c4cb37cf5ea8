#include "daemon/api/admin/names.h"

#include <algorithm>
#include <array>

#include "protocol/ids.h"
#include "protocol/utf8.h"

namespace waag::daemon {
namespace {

constexpr std::size_t user_name_bytes_max = 42;
constexpr std::size_t display_bytes_max = 200;
constexpr std::array<std::string_view, 16> reserved{
    "api", "datasets", "spaces", "models", "kernels",  "healthz", "readyz", "metrics",
    "v2",  "v1",       "oauth",  "login",  "settings", "assets",  "refs",   "organizations"};

/// "/ada/tree/..." must not be read as the short id "ada" with a tree of its own.
constexpr std::array<std::string_view, 3> reserved_repos{"resolve", "revision", "tree"};

std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}

}  // namespace

Status check_new_repo_name(std::string_view name) {
  if (std::ranges::find(reserved_repos, lower_case(name)) == reserved_repos.end()) return ok();
  return fail(Errc::invalid_argument,
              "A repository cannot be called \"" + std::string(name) + "\": URLs use that word");
}

Status check_user_name(std::string_view name) {
  const auto lower = lower_case(name);
  const bool fits = !name.empty() && name.size() <= user_name_bytes_max;
  const bool taken = std::ranges::find(reserved, lower) != reserved.end();
  if (!fits || taken || !RepoId::make(RepoType::model, name, "x"))
    return fail(Errc::invalid_argument, "Invalid user name");
  return ok();
}

Result<std::string> display_text(std::string_view field, std::string text) {
  const bool fine = text.size() <= display_bytes_max && is_utf8(text) && !has_control(text) &&
                    text.find_first_of("<>") == std::string::npos;
  if (!fine)
    return fail(Errc::invalid_argument, "\"" + std::string(field) + "\" is not a plain text");
  return text;
}

}  // namespace waag::daemon
