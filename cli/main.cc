#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/commands.h"

int main(int argc, char** argv) {
  try {
    waag::cli::CurlHttp http;
    const auto environment = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      if (value == nullptr) return std::nullopt;
      return std::string(value);
    };
    const waag::cli::World world{http, std::cout, std::cerr, std::cin, environment};
    return waag::cli::run(std::vector<std::string>(argv + 1, argv + argc), world);
  } catch (const std::exception& error) {
    std::cerr << "waag: " << error.what() << '\n';
    return waag::cli::exit_unreachable;
  }
}
