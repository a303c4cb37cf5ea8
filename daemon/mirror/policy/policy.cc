#include "daemon/mirror/policy/policy.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "daemon/config_toml.h"

namespace waag::daemon {
namespace {

constexpr std::array pickle_endings{
    std::string_view(".bin"),    std::string_view(".pt"),   std::string_view(".pth"),
    std::string_view(".ckpt"),   std::string_view(".pkl"),  std::string_view(".pickle"),
    std::string_view(".joblib"), std::string_view(".dill"), std::string_view(".mar")};

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

bool any_matches(const std::vector<hub::Glob>& globs, std::string_view text) {
  return std::ranges::any_of(globs, [text](const auto& glob) { return glob.matches(text); });
}

}  // namespace

bool is_pickle(std::string_view path) {
  const auto folded = lower(path);
  return std::ranges::any_of(pickle_endings, [&](auto end) { return folded.ends_with(end); });
}

/// One [[rule]] table.
class MirrorPolicy::Reader {
 public:
  Reader(const toml::table& table, std::string_view file) : table_(table), file_(file) {}

  Result<Rule> read() {
    for (const auto& [key, node] : table_)
      if (std::ranges::find(keys, key.str()) == keys.end())
        return wrong(node, fmt::format("unknown key {}", key.str()));
    Rule rule;
    WAAG_TRY(rule.name, text("name"));
    WAAG_TRY(const auto action, text("action"));
    if (rule.name.empty()) return wrong(table_, "a rule needs a name");
    if (action == "deny")
      rule.action = Action::deny;
    else if (action == "leave_out")
      rule.action = Action::leave_out;
    else if (action != "allow")
      return wrong(table_, "action: expected allow, deny, leave_out");
    WAAG_CHECK(read_names(rule));
    WAAG_CHECK(read_licences(rule));
    WAAG_CHECK(read_files(rule));
    if (rule.action == Action::leave_out && !rule.on_files())
      return wrong(table_, "leave_out needs files, pickle or file_bytes_over");
    if (rule.action == Action::leave_out && (rule.on_licence() || rule.repo_bytes_over))
      return wrong(table_, "leave_out looks at single files: no licences, no repo_bytes_over");
    return rule;
  }

 private:
  static constexpr std::array keys{
      std::string_view("name"),           std::string_view("action"),
      std::string_view("repos"),          std::string_view("orgs"),
      std::string_view("types"),          std::string_view("licences"),
      std::string_view("files"),          std::string_view("licence_classes"),
      std::string_view("pickle"),         std::string_view("file_bytes_over"),
      std::string_view("repo_bytes_over")};

  Error wrong(const toml::node& node, std::string_view what) const {
    return fail(Errc::invalid_argument,
                fmt::format("{}:{}: {}", file_, node.source().begin.line, what));
  }

  Result<std::string> text(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::string();
    const auto value = node->value_exact<std::string>();
    if (!value) return wrong(*node, fmt::format("{}: expected a text", key));
    return *value;
  }

  Result<std::vector<std::string>> texts(std::string_view key) const {
    std::vector<std::string> found;
    const auto* node = table_.get(key);
    if (node == nullptr) return found;
    const auto* list = node->as_array();
    if (list == nullptr) return wrong(*node, fmt::format("{}: expected a list of texts", key));
    for (const auto& one : *list) {
      const auto value = one.value_exact<std::string>();
      if (!value) return wrong(one, fmt::format("{}: expected a list of texts", key));
      found.push_back(lower(*value));
    }
    // An empty list would be as good as none, which is hardly what is meant.
    if (found.empty()) return wrong(*node, fmt::format("{}: an empty list", key));
    return found;
  }

  Result<std::optional<std::uint64_t>> bytes(std::string_view key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::optional<std::uint64_t>();
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0) return wrong(*node, fmt::format("{}: expected a number", key));
    return std::optional(static_cast<std::uint64_t>(*value));
  }

  Status read_names(Rule& rule) const {
    WAAG_TRY(const auto repos, texts("repos"));
    for (const auto& one : repos) rule.repos.emplace_back(one, hub::Glob::Scope::path);
    WAAG_TRY(const auto orgs, texts("orgs"));
    for (const auto& one : orgs) rule.orgs.emplace_back(one, hub::Glob::Scope::name);
    WAAG_TRY(const auto types, texts("types"));
    for (const auto& one : types) {
      const auto type = parse_repo_type(one);
      if (!type) return wrong(*table_.get("types"), "types: expected model, dataset, space");
      rule.types.push_back(*type);
    }
    return ok();
  }

  Status read_licences(Rule& rule) const {
    WAAG_TRY(rule.licences, texts("licences"));
    WAAG_TRY(const auto classes, texts("licence_classes"));
    for (const auto& one : classes) {
      const auto known = parse_licence_class(one);
      if (!known)
        return wrong(*table_.get("licence_classes"),
                     "licence_classes: expected open, conditional, restricted, unknown");
      rule.classes.push_back(*known);
    }
    return ok();
  }

  Status read_files(Rule& rule) const {
    WAAG_TRY(const auto files, texts("files"));
    rule.files = FileGlobs(files);
    if (const auto* node = table_.get("pickle")) {
      const auto value = node->value_exact<bool>();
      if (!value) return wrong(*node, "pickle: expected true or false");
      rule.pickle = *value;
    }
    WAAG_TRY(rule.file_bytes_over, bytes("file_bytes_over"));
    WAAG_TRY(rule.repo_bytes_over, bytes("repo_bytes_over"));
    return ok();
  }

  const toml::table& table_;
  const std::string_view file_;
};

Result<MirrorPolicy> MirrorPolicy::parse(std::string_view toml, std::string_view file_name) {
  WAAG_TRY(const auto root, parse_toml(toml, file_name));
  MirrorPolicy policy;
  for (const auto& [key, node] : root) {
    const auto* list = node.as_array();
    if (key.str() != "rule" || list == nullptr)
      return fail(Errc::invalid_argument,
                  fmt::format("{}:{}: expected [[rule]] alone, not {}", file_name,
                              node.source().begin.line, key.str()));
    for (const auto& one : *list) {
      const auto* table = one.as_table();
      if (table == nullptr)
        return fail(Errc::invalid_argument, fmt::format("{}: expected [[rule]]", file_name));
      WAAG_TRY(auto rule, Reader(*table, file_name).read());
      policy.rules_.push_back(std::move(rule));
    }
  }
  return policy;
}

Result<MirrorPolicy> MirrorPolicy::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return fail(Errc::invalid_argument, "mirror.policy_file: cannot read " + path);
  return parse(text.view(), path);
}

bool MirrorPolicy::names_repo(const Rule& rule, const RepoId& repo) {
  if (!rule.types.empty() && std::ranges::find(rule.types, repo.type) == rule.types.end())
    return false;
  if (!rule.orgs.empty() && !any_matches(rule.orgs, lower(repo.ns))) return false;
  return rule.repos.empty() || any_matches(rule.repos, lower(repo.full_name()));
}

/// Kinds and sizes are one condition each: both must fit.
bool MirrorPolicy::names_file(const Rule& rule, const File& file) {
  if (rule.file_bytes_over && file.size_bytes <= *rule.file_bytes_over) return false;
  if (rule.files.empty() && !rule.pickle) return true;
  if (rule.pickle && is_pickle(file.path)) return true;
  return rule.files.matches(lower(file.path));
}

/// Whichever of several licences a card names: the rule is for it.
bool MirrorPolicy::names_licence(const Rule& rule, const std::vector<std::string>& licences) {
  const auto in_class = [&](LicenceClass of) {
    return std::ranges::find(rule.classes, of) != rule.classes.end();
  };
  if (licences.empty()) return in_class(LicenceClass::unknown);
  return std::ranges::any_of(licences, [&](const auto& id) {
    return std::ranges::find(rule.licences, id) != rule.licences.end() ||
           in_class(licence_class(id));
  });
}

/// One file is enough to refuse a repo; to let it in for its files, all must fit.
bool MirrorPolicy::names_content(const Rule& rule, const Repo& repo) {
  const auto fits = [&](const File& file) { return names_file(rule, file); };
  if (rule.on_files() && !(rule.action == Action::allow ? std::ranges::all_of(repo.files, fits)
                                                        : std::ranges::any_of(repo.files, fits)))
    return false;
  if (!rule.repo_bytes_over) return true;
  std::uint64_t total = 0;
  for (const auto& file : repo.files) total += file.size_bytes;
  return total > *rule.repo_bytes_over;
}

Error MirrorPolicy::refusal(const Rule& rule, const std::string& what) {
  return fail(Errc::forbidden,
              fmt::format("The mirror's policy does not let {} in: rule \"{}\"", what, rule.name));
}

Status MirrorPolicy::check(const Repo& repo, const Licences& licences) const {
  std::optional<std::vector<std::string>> known;
  for (const auto& rule : rules_) {
    if (rule.action == Action::leave_out) continue;
    if (!names_repo(rule, repo.id) || !names_content(rule, repo)) continue;
    if (rule.on_licence()) {
      if (!known) {
        WAAG_TRY(known, licences());
      }
      if (!names_licence(rule, *known)) continue;
    }
    if (rule.action == Action::allow) return ok();
    return refusal(rule, repo.id.full_name());
  }
  return ok();
}

Status MirrorPolicy::check_file(const RepoId& repo, const File& file) const {
  for (const auto& rule : rules_) {
    if (rule.on_licence() || rule.repo_bytes_over) continue;
    if (!names_repo(rule, repo)) continue;
    if (rule.on_files() && !names_file(rule, file)) continue;
    if (rule.action == Action::allow) return ok();
    return refusal(rule, repo.full_name() + " " + file.path);
  }
  return ok();
}

}  // namespace waag::daemon
