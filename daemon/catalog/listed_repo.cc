#include "daemon/catalog/listed_repo.h"

#include <algorithm>

namespace waag::daemon {
namespace {

std::string lines_of(const std::vector<std::string>& texts) {
  std::string lines = "\n";
  for (const auto& text : texts)
    if (!text.empty() && text.find('\n') == std::string::npos) lines += text + "\n";
  return lines;
}

}  // namespace

ListedRepo::ListedRepo(storage::RepoRow row, const Summary& summary, Popularity counts)
    : repo(std::move(row)),
      head(summary.commit),
      modified(summary.modified),
      popularity(counts),
      files_bytes(summary.files_bytes),
      parameters(summary.parameters),
      folded_name(folded(repo.id.full_name())),
      pipeline_tag(summary.about.pipeline_tag),
      library_name(summary.about.library_name),
      tags_(lines_of(summary.about.tags)),
      models_(lines_of(summary.about.models)),
      datasets_(lines_of(summary.about.datasets)) {}

bool ListedRepo::has_line(std::string_view lines, std::string_view line) {
  if (line.empty() || line.find('\n') != std::string_view::npos) return false;
  for (auto at = lines.find(line); at != std::string_view::npos; at = lines.find(line, at + 1))
    if (lines[at - 1] == '\n' && lines[at + line.size()] == '\n') return true;
  return false;
}

}  // namespace waag::daemon
