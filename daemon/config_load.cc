#include "daemon/config_load.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "daemon/config_toml.h"
#include "daemon/http/net/server.h"
#include "protocol/ids.h"

namespace waag::daemon {
namespace {

using Kind = Setting::Kind;

const Setting* find(std::string_view key) {
  const auto rows = settings();
  const auto at = std::ranges::find(rows, key, &Setting::key);
  return at == rows.end() ? nullptr : &*at;
}

/// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({row[j - 1] + 1, above + 1, swap});
      diagonal = above;
    }
  }
  return row[b.size()];
}

Error unknown_key(std::string_view key, std::string_view where) {
  return fail(Errc::invalid_argument,
              fmt::format("{}: unknown key {}; did you mean {}?", where, key, nearest_key(key)));
}

Status check_choice(std::string_view key, std::string_view value,
                    std::initializer_list<std::string_view> choices) {
  if (std::ranges::find(choices, value) != choices.end()) return ok();
  return fail(Errc::invalid_argument,
              fmt::format("{}: expected {}", key, fmt::join(choices, ", ")));
}

/// As far as waag-convert takes them: 2^20 tokens in chunks of 512.
constexpr unsigned validate_chunks_max = 2048;
constexpr double limits_factor_min = 0.01, limits_factor_max = 100;

/// What is made must get a name of its own, whatever it is made from.
Status check_convert(const Config::Convert& convert) {
  if (convert.time_max_s == 0)
    return fail(Errc::invalid_argument, "convert.time_max_s: expected at least 1");
  if (convert.validate_chunks == 0 || convert.validate_chunks > validate_chunks_max)
    return fail(Errc::invalid_argument, "convert.validate_chunks: expected 1 to 2048");
  if (!(convert.limits_factor >= limits_factor_min && convert.limits_factor <= limits_factor_max))
    return fail(Errc::invalid_argument, "convert.limits_factor: expected 0.01 to 100");
  for (const auto* suffix : {&convert.gguf_suffix, &convert.fp8_suffix, &convert.int8_suffix,
                             &convert.w4a16_suffix, &convert.nvfp4_suffix})
    if (suffix->empty() || !RepoId::make(RepoType::model, "a", "a" + *suffix))
      return fail(Errc::invalid_argument,
                  "convert: \"" + *suffix + "\" cannot be the end of a repository's name");
  return ok();
}

/// The value as text if it is of the setting's kind.
std::optional<std::string> value_text(const toml::node& node, Kind kind) {
  if (kind == Kind::text) return node.value_exact<std::string>();
  if (kind == Kind::boolean) {
    const auto value = node.value_exact<bool>();
    if (!value) return std::nullopt;
    return *value ? "true" : "false";
  }
  if (const auto value = node.value_exact<double>(); value && kind == Kind::decimal)
    return fmt::format("{}", *value);
  const auto value = node.value_exact<std::int64_t>();
  if (!value) return std::nullopt;
  return fmt::format("{}", *value);
}

constexpr std::string_view kind_name(Kind kind) {
  if (kind == Kind::text) return "text";
  return kind == Kind::boolean ? "true or false" : "a number";
}

}  // namespace

std::string environment_name(std::string_view key) {
  std::string name = "WAAG_";
  for (const char c : key) {
    if (c == '.')
      name += "__";
    else
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return name;
}

std::string_view nearest_key(std::string_view key) {
  const auto edits = [&](const Setting& row) { return distance(row.key, key); };
  return std::ranges::min_element(settings(), {}, edits)->key;
}

Status LoadedConfig::set(std::string_view key, std::string_view value, std::string origin) {
  const Setting* row = find(key);
  if (!row) return unknown_key(key, origin);
  if (const auto done = row->set(config, value); !done)
    return fail(Errc::invalid_argument, fmt::format("{}: {}: {}", origin, key, done.error().what));
  origins[std::string(key)] = std::move(origin);
  return ok();
}

Status LoadedConfig::apply_file(std::string_view toml, std::string_view file_name) {
  WAAG_TRY(const auto root, parse_toml(toml, file_name));
  for (const auto& [section, content] : root) {
    const auto* table = content.as_table();
    const auto line_of = [&](const toml::node& node) {
      return fmt::format("{}:{}", file_name, node.source().begin.line);
    };
    if (!table) return unknown_key(section.str(), line_of(content));
    for (const auto& [name, node] : *table) {
      const auto key = fmt::format("{}.{}", section.str(), name.str());
      const Setting* row = find(key);
      if (!row) return unknown_key(key, line_of(node));
      const auto value = value_text(node, row->kind);
      if (!value)
        return fail(Errc::invalid_argument,
                    fmt::format("{}: {}: expected {}", line_of(node), key, kind_name(row->kind)));
      WAAG_CHECK(set(key, *value, line_of(node)));
    }
  }
  return ok();
}

Status LoadedConfig::apply_environment(const Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("WAAG_") || name.find("__") == std::string::npos) continue;
    const auto rows = settings();
    const auto at = std::ranges::find_if(
        rows, [&](const Setting& row) { return environment_name(row.key) == name; });
    if (at == rows.end()) {
      std::string key;
      for (const char c : name.substr(5))
        key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      const auto gap = key.find("__");
      key = key.substr(0, gap) + std::string(1, '.') + key.substr(gap + 2);
      return unknown_key(key, name);
    }
    WAAG_CHECK(set(at->key, value, name));
  }
  return ok();
}

Status LoadedConfig::check() const {
  const Config::Server& s = config.server;
  WAAG_TRY(const auto address, parse_listen_address(s.listen));
  if (s.tls_certificate.empty() != s.tls_key.empty())
    return fail(Errc::invalid_argument, "server.tls_certificate and server.tls_key go together");
  if (!is_loopback(address) && s.tls_certificate.empty() && !s.insecure)
    return fail(Errc::invalid_argument,
                "server.listen: " + s.listen +
                    " is not a loopback address: set TLS files, or allow it with --insecure");
  if (const auto proxies = TrustedProxies::parse(s.trusted_proxies); !proxies)
    return fail(Errc::invalid_argument, "server.trusted_proxies: " + proxies.error().what);
  constexpr unsigned day_s = 24 * 3600;
  if (const auto window_s = config.rate_limit.window_s; window_s == 0 || window_s > day_s)
    return fail(Errc::invalid_argument, "rate_limit.window_s: expected 1 to 86400");
  for (const auto lifetime_s : {config.xet.token_lifetime_s, config.xet.url_lifetime_s})
    if (lifetime_s == 0 || lifetime_s > day_s)
      return fail(Errc::invalid_argument,
                  "xet.token_lifetime_s, xet.url_lifetime_s: expected 1 to 86400");
  WAAG_CHECK(
      check_choice("xet.dedup_scope", config.xet.dedup_scope, {"off", "repo", "org", "visible"}));
  WAAG_CHECK(check_choice("server.send_path", s.send_path, {"auto", "sendfile", "extents"}));
  WAAG_CHECK(check_choice("mirror.pull_through", config.mirror.pull_through,
                          {"anyone", "users", "admins", "off"}));
  WAAG_CHECK(check_choice("convert.device", config.convert.device, {"auto", "cpu", "cuda"}));
  WAAG_CHECK(check_convert(config.convert));
  WAAG_CHECK(check_choice("log.level", config.log.level, {"debug", "info", "warn", "error"}));
  return check_choice("log.format", config.log.format, {"text", "json"});
}

std::string print_config(const LoadedConfig& loaded) {
  std::string out;
  std::string_view section;
  for (const Setting& row : settings()) {
    const auto dot = row.key.find('.');
    if (row.key.substr(0, dot) != section) {
      if (!section.empty()) out += '\n';
      section = row.key.substr(0, dot);
      out += fmt::format("[{}]\n", section);
    }
    const auto origin = loaded.origins.find(row.key);
    out += fmt::format("{} = {}  # {}\n", row.key.substr(dot + 1), row.get(loaded.config),
                       origin == loaded.origins.end() ? "default" : origin->second);
  }
  return out;
}

std::string config_document() {
  std::string out =
      "# Configuration\n\n"
      "Generated by `waagd --print-config-doc`. Order: default < file (TOML) < environment < "
      "flag.\n"
      "Unknown keys are errors. `waagd --print-config` shows every value and where it came "
      "from.\n\n"
      "| key | environment | default | meaning |\n|---|---|---|---|\n";
  const Config defaults;
  for (const Setting& row : settings())
    out += fmt::format("| `{}` | `{}` | `{}` | {} |\n", row.key, environment_name(row.key),
                       row.get(defaults), row.about);
  return out;
}

}  // namespace waag::daemon
