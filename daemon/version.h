#pragma once

#include <string_view>

namespace waag::daemon {

/// Of the program, as the build says it (CMakeLists.txt, project).
inline constexpr std::string_view program_version = "0.1.0";

}  // namespace waag::daemon
