#pragma once

#include <vector>

#include "daemon/http/routes.h"

/// The parts of the one route table, in the order of docs/API.md.
namespace waag::daemon::families {

using Family = std::vector<Route>;
inline constexpr Limits no_body{};

// reading.cc
Family health();
Family files();
Family metadata();
Family side_calls();
// writing.cc
Family repo_changes();
Family access();
Family uploads();
// accounts.cc
Family profiles();
Family organisations();
Family collaborators();
// forum.cc
Family forum();
// git.cc
Family git();
// xet.cc
Family xet_tokens();
Family xet_server();
// jobs.cc
Family jobs();
// mirrors.cc
Family mirrors();
// administration.cc
Family administration();

}  // namespace waag::daemon::families
