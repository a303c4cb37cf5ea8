#include "protocol/git/push_request.h"

#include <algorithm>
#include <set>

#include "protocol/git/pkt_line.h"

namespace waag::git {
namespace {

Error bad(const char* what) {
  return fail(Errc::invalid_argument, std::string("receive-pack: bad ") + what);
}

void take_capabilities(PushRequest& request, std::string_view text) {
  while (!text.empty()) {
    const auto name = text.substr(0, text.find(' '));
    if (name == "report-status" || name == "report-status-v2") request.report_status = true;
    if (name == "side-band-64k") request.side_band_64k = true;
    if (name == "atomic") request.atomic = true;
    text.remove_prefix(std::min(name.size() + 1, text.size()));
  }
}

/// "<from> <to> <name>"
Result<RefCommand> parse_command_line(std::string_view line) {
  constexpr auto digits = 2 * GitId::size_bytes;
  constexpr auto name_at = 2 * digits + 2;
  if (line.size() <= name_at || line[digits] != ' ' || line[name_at - 1] != ' ')
    return bad("command");
  const auto from = GitId::parse(line.substr(0, digits));
  const auto to = GitId::parse(line.substr(digits + 1, digits));
  if (!from || !to) return bad("object id");
  if (from->is_zero() && to->is_zero()) return bad("command: from nothing to nothing");
  return RefCommand{*from, *to, std::string(line.substr(name_at))};
}

/// A reason stands on one line of the report.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, 1000));
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\0'; }, ' ');
  return line;
}

}  // namespace

bool PushRequest::brings_pack() const {
  return std::ranges::any_of(commands, [](const auto& command) { return !command.deletes(); });
}

Result<PushRequest> parse_push(std::string_view head) {
  PushRequest request;
  std::set<std::string> names;
  PktReader reader(head);
  while (true) {
    WAAG_TRY(const auto pkt, reader.next());
    if (!pkt || pkt->kind == PktKind::flush) return request;
    if (pkt->kind != PktKind::data) return bad("packet");
    auto line = pkt->line();
    const auto nul = line.find('\0');
    if (nul != line.npos) {
      take_capabilities(request, line.substr(nul + 1));
      line = line.substr(0, nul);
    }
    // Where a shallow clone's history ends; every parent that is named must be known anyway.
    if (line.starts_with("shallow ")) continue;
    WAAG_TRY(auto command, parse_command_line(line));
    if (!names.insert(command.name).second) return bad("request: a ref is named twice");
    if (request.commands.size() == push_commands_max) return bad("request: too many refs");
    request.commands.push_back(std::move(command));
  }
}

std::string push_report(std::string_view unpack_error, const std::vector<RefReport>& refs) {
  std::string report;
  append_pkt(report, "unpack " + (unpack_error.empty() ? "ok" : one_line(unpack_error)) + "\n");
  for (const auto& ref : refs) {
    if (ref.reason.empty())
      append_pkt(report, "ok " + ref.name + "\n");
    else
      append_pkt(report, "ng " + ref.name + " " + one_line(ref.reason) + "\n");
  }
  report += pkt_flush;
  return report;
}

}  // namespace waag::git
