#include "daemon/api/common/name_warnings.h"

#include <map>
#include <set>

#include "protocol/git/path.h"

namespace waag::daemon {
namespace {

/// Paths that one warning names; of more it says how many.
constexpr std::size_t shown_max = 5;

/// Proxies take replies whose headers together have 4 KiB.
constexpr std::size_t header_bytes_max = 512;

std::string listed(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < shown_max; ++i)
    text += (i == 0 ? "\"" : ", \"") + paths[i] + "\"";
  if (paths.size() > shown_max)
    text += " and " + std::to_string(paths.size() - shown_max) + " more";
  return text;
}

/// The names that a commit put into each folder, those of new folders too.
using Folders = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;

void add(Folders& folders, std::string_view path) {
  while (true) {
    const auto slash = path.rfind('/');
    const auto name = slash == path.npos ? path : path.substr(slash + 1);
    const auto folder = slash == path.npos ? std::string_view() : path.substr(0, slash);
    auto at = folders.find(folder);
    if (at == folders.end())
      at = folders.emplace(folder, std::set<std::string, std::less<>>()).first;
    // The folders above are there since this name's folder is.
    if (!at->second.emplace(name).second || slash == path.npos) return;
    path = folder;
  }
}

/// Entries of one folder that are twins of what the commit put there.
Status add_twins(const storage::Snapshot& snapshot, const std::string& folder,
                 const std::set<std::string, std::less<>>& names, std::vector<std::string>& twins) {
  std::map<std::string, std::string, std::less<>> folded;
  std::set<std::size_t> sizes;  // only names of these sizes need a closer look
  for (const auto& name : names) {
    folded.emplace(git::fold_case(name), name);
    sizes.insert(name.size());
  }
  return snapshot.each_name(folder, [&](std::string_view name) {
    if (!sizes.contains(name.size())) return;
    const auto found = folded.find(git::fold_case(name));
    if (found == folded.end() || found->second == name) return;
    const auto path = (folder.empty() ? "" : folder + "/") + std::string(name);
    twins.push_back(path + "\" beside \"" + found->second);
  });
}

}  // namespace

Result<std::vector<NameWarning>> name_warnings(const storage::Snapshot& snapshot,
                                               const std::vector<storage::Change>& changes) {
  Folders folders;
  std::vector<std::string> unfit, twins;
  for (const auto& change : changes) {
    if (change.kind != storage::Change::Kind::put_file &&
        change.kind != storage::Change::Kind::put_lfs)
      continue;
    add(folders, change.path);
    if (!git::fits_windows(change.path)) unfit.push_back(change.path);
  }
  for (const auto& [folder, names] : folders) WAAG_CHECK(add_twins(snapshot, folder, names, twins));
  std::vector<NameWarning> warnings;
  if (!unfit.empty())
    warnings.push_back(
        {"windows-names", "Windows cannot have files of these names: " + listed(unfit)});
  if (!twins.empty())
    warnings.push_back({"case-twins",
                        "A file system without case keeps only one of two names that "
                        "differ in case alone: " +
                            listed(twins)});
  return warnings;
}

std::string header_text(const NameWarning& warning) {
  auto text = std::string(warning.topic) + "; " + warning.text;
  if (text.size() > header_bytes_max) text.replace(header_bytes_max, text.npos, "...");
  for (auto& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  return text;
}

}  // namespace waag::daemon
