#include <cstdlib>
#include <exception>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/commands.h"

namespace {

/// Of the terminal that is our standard output; 0 if it is none, or shows nothing but text.
unsigned terminal_columns() {
  const char* term = std::getenv("TERM");
  winsize size{};
  if (term == nullptr || std::string_view(term) == "dumb" || ::isatty(STDOUT_FILENO) == 0 ||
      ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  constexpr unsigned otherwise = 80;  // serial lines do not say
  return size.ws_col == 0 ? otherwise : size.ws_col;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    waag::cli::CurlHttp http;
    const auto environment = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      if (value == nullptr) return std::nullopt;
      return std::string(value);
    };
    const waag::cli::World world{http,     std::cout,   std::cerr,
                                 std::cin, environment, terminal_columns()};
    return waag::cli::run(std::vector<std::string>(argv + 1, argv + argc), world);
  } catch (const std::exception& error) {
    std::cerr << "waag: " << error.what() << '\n';
    return waag::cli::exit_unreachable;
  }
}
