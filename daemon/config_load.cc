#include "daemon/config_load.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "daemon/http/net/server.h"

namespace waag::daemon {
namespace {

using Kind = Setting::Kind;

std::string show(const std::string& value) { return fmt::format("\"{}\"", value); }
std::string show(bool value) { return value ? "true" : "false"; }
template <class T>
  requires std::is_unsigned_v<T>
std::string show(T value) {
  return fmt::format("{}", value);
}

Status parse(std::string_view text, std::string& out) {
  out = text;
  return ok();
}
Status parse(std::string_view text, bool& out) {
  out = text == "true" || text == "1";
  if (!out && text != "false" && text != "0")
    return fail(Errc::invalid_argument, "expected true or false");
  return ok();
}
template <class T>
  requires std::is_unsigned_v<T>
Status parse(std::string_view text, T& out) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end)
    return fail(Errc::invalid_argument, "expected a whole number, not negative");
  return ok();
}

template <class T>
constexpr Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>) return Kind::boolean;
  if constexpr (std::is_same_v<T, std::string>) return Kind::text;
  return Kind::number;
}

template <auto section, auto member>
Setting setting(std::string_view key, std::string_view about) {
  using Field = std::remove_reference_t<decltype(std::declval<Config&>().*section.*member)>;
  Setting row;
  row.key = key;
  row.kind = kind_of<Field>();
  row.about = about;
  row.get = [](const Config& config) { return show(config.*section.*member); };
  row.set = [](Config& config, std::string_view value) {
    return parse(value, config.*section.*member);
  };
  return row;
}

template <auto member>
Setting server(std::string_view key, std::string_view about) {
  return setting<&Config::server, member>(key, about);
}

std::vector<Setting> make_table() {
  using S = Config::Server;
  using D = Config::Store;
  using A = Config::Auth;
  using R = Config::RateLimit;
  using X = Config::Xet;
  using L = Config::Log;
  return {
      server<&S::listen>("server.listen", "Address and port; port 0 picks a free one."),
      server<&S::public_url>("server.public_url",
                             "URL under which clients see the hub; empty: taken from "
                             "X-Forwarded-Proto and X-Forwarded-Host of a trusted proxy, else "
                             "Host."),
      server<&S::trusted_proxies>("server.trusted_proxies",
                                  "Addresses and networks of the reverse proxies whose "
                                  "X-Forwarded-* headers are believed, comma-separated."),
      server<&S::threads>("server.threads", "Network threads; 0: one per core."),
      server<&S::blocking_threads>("server.blocking_threads",
                                   "Threads for disk and hashing; 0: two per core, at least 4."),
      server<&S::insecure>("server.insecure", "Allow a public address without TLS."),
      server<&S::tls_certificate>("server.tls_certificate", "PEM file of the certificate chain."),
      server<&S::tls_key>("server.tls_key", "PEM file of its private key."),
      server<&S::drain_s>("server.drain_s", "Seconds that a stop waits for running requests."),
      server<&S::send_path>("server.send_path",
                            "How large files leave: auto, sendfile or extents."),
      setting<&Config::store, &D::data>("store.data", "Folder of the store."),
      setting<&Config::store, &D::reserve_bytes>(
          "store.reserve_bytes", "Writes are refused (507) below this many free bytes."),
      setting<&Config::store, &D::block_cache_bytes>("store.block_cache_bytes",
                                                     "Memory for the index's cache, in bytes."),
      setting<&Config::store, &D::trash_days>(
          "store.trash_days",
          "Days that a deleted repository can be restored; 0: it is gone at once."),
      setting<&Config::auth, &A::anonymous_read>(
          "auth.anonymous_read", "Public repositories can be read without a token."),
      setting<&Config::auth, &A::unknown_token_is_anonymous>(
          "auth.unknown_token_is_anonymous",
          "A token that the hub does not know counts as none on public reads."),
      setting<&Config::auth, &A::token_days>("auth.token_days", "Days until a new token expires."),
      setting<&Config::rate_limit, &R::api>(
          "rate_limit.api",
          "Requests that one user or address may send in a window, files apart; 0: any number."),
      setting<&Config::rate_limit, &R::resolvers>(
          "rate_limit.resolvers",
          "The same for files (resolve, raw, calls of a Xet transfer); 0: any number."),
      setting<&Config::rate_limit, &R::window_s>("rate_limit.window_s",
                                                 "Seconds of a window, at most a day."),
      setting<&Config::xet, &X::enabled>(
          "xet.enabled", "Clients may transfer files by the Xet protocol; false: by LFS alone."),
      setting<&Config::xet, &X::token_lifetime_s>(
          "xet.token_lifetime_s", "Seconds that a Xet access token lives; clients renew it."),
      setting<&Config::xet, &X::url_lifetime_s>(
          "xet.url_lifetime_s",
          "Seconds that the download URLs of a reconstruction live; clients ask for new ones."),
      setting<&Config::xet, &X::dedup_scope>(
          "xet.dedup_scope",
          "Whose files an upload may share chunks with before it sends them: off, repo, org (the "
          "repository's namespace) or visible (whatever the caller may read)."),
      setting<&Config::log, &L::level>("log.level", "debug, info, warn or error."),
      setting<&Config::log, &L::format>("log.format", "text (key=value) or json."),
  };
}

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

/// The value as text if it is of the setting's kind.
std::optional<std::string> value_text(const toml::node& node, Kind kind) {
  if (kind == Kind::text) return node.value_exact<std::string>();
  if (kind == Kind::boolean) {
    const auto value = node.value_exact<bool>();
    if (!value) return std::nullopt;
    return show(*value);
  }
  const auto value = node.value_exact<std::int64_t>();
  if (!value) return std::nullopt;
  return fmt::format("{}", *value);
}

constexpr std::string_view kind_name(Kind kind) {
  return kind == Kind::text ? "text" : kind == Kind::number ? "a number" : "true or false";
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = make_table();
  return table;
}

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
  toml::table root;
  try {
    root = toml::parse(toml, file_name);
  } catch (const toml::parse_error& error) {
    return fail(
        Errc::invalid_argument,
        fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()));
  }
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
