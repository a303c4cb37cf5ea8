#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "protocol/result.h"

namespace waag::daemon {

/// One row of the table of settings: from it come file keys, WAAG_SECTION__KEY, --print-config and
/// docs/CONFIG.md.
struct Setting {
  enum class Kind : std::uint8_t { text, number, decimal, boolean };
  std::string_view key;  // "server.listen"
  Kind kind{Kind::text};
  std::string_view about;
  std::string (*get)(const Config& config);
  Status (*set)(Config& config, std::string_view value);
};
std::span<const Setting> settings();

/// "WAAG_SERVER__LISTEN" for "server.listen".
std::string environment_name(std::string_view key);
/// The setting whose name is least edits away from `key`, for the error of an unknown one.
std::string_view nearest_key(std::string_view key);

using Environment = std::map<std::string, std::string, std::less<>>;

/// A configuration and, per key, where its value came from: "default", "file:LINE", the variable's
/// name, "flag".
struct LoadedConfig {
  Config config;
  std::map<std::string, std::string, std::less<>> origins;

  /// @return Errc::invalid_argument that names key, origin and what was expected
  Status set(std::string_view key, std::string_view value, std::string origin);
  /// Every key of a TOML text. Unknown key: an error with its line and the nearest name.
  Status apply_file(std::string_view toml, std::string_view file_name);
  /// Every WAAG_SECTION__KEY; other WAAG_ variables with a double underscore are errors.
  Status apply_environment(const Environment& environment);
  /// What no single value shows: TLS needs both files, a public bind needs TLS or `insecure`.
  [[nodiscard]] Status check() const;
};

/// "key = value  # origin" for every setting, as TOML.
std::string print_config(const LoadedConfig& loaded);
/// docs/CONFIG.md.
std::string config_document();

}  // namespace waag::daemon
