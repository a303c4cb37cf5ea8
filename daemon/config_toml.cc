#include "daemon/config_toml.h"

#include <fmt/format.h>

namespace waag::daemon {

Result<toml::table> parse_toml(std::string_view text, std::string_view file_name) {
  try {
    return toml::table(toml::parse(text, file_name));
  } catch (const toml::parse_error& error) {
    return fail(
        Errc::invalid_argument,
        fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()));
  }
}

}  // namespace waag::daemon
