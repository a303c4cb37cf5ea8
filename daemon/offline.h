#pragma once

#include <iosfwd>

#include "daemon/config.h"

namespace waag::daemon {

/// Exit codes of the offline commands; part of the stable surface (DESIGN 8).
inline constexpr int exit_whole = 0;
inline constexpr int exit_problems = 1;  // fsck found some
inline constexpr int exit_failed = 2;  // it could not run: the store is in use, unreadable, unknown

/// `waagd fsck [--repair]`: checks the store and prints a report. Repair rebuilds the index, which
/// is only a view, and checks again; what is wrong in packs or journal stays a problem.
int run_fsck(const Config& config, bool repair, std::ostream& out);
/// `waagd rebuild-index`.
int run_rebuild_index(const Config& config, std::ostream& out);

}  // namespace waag::daemon
