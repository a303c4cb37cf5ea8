#pragma once

#include <string>
#include <vector>

#include "storage/store.h"

/// What a commit's author should know about its names: the hub takes them all (docs/NAMES.md), but
/// not every system can check them out. Source: HUB_API 11 (49), RELIABILITY 3.2.3.
namespace waag::daemon {

struct NameWarning {
  std::string_view topic;  // clients show one warning of each
  std::string text;        // UTF-8, one line
};

/// Of the files that `changes` put into `snapshot`: names that Windows does not take, and names
/// that a file system without case takes for those of another entry. Blocks.
Result<std::vector<NameWarning>> name_warnings(const storage::Snapshot& snapshot,
                                               const std::vector<storage::Change>& changes);

/// As a value of a header, where only ASCII stands: "topic; text" with '?' for every other byte.
std::string header_text(const NameWarning& warning);

}  // namespace waag::daemon
