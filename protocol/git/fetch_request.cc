#include "protocol/git/fetch_request.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>

#include "protocol/git/pkt_line.h"

namespace waag::git {
namespace {

/// Ref prefixes of one request; more are as good as none.
constexpr std::size_t prefixes_max = 65536;

Error bad(std::string_view what) {
  return fail(Errc::invalid_argument, "upload-pack: bad " + std::string(what));
}

std::optional<std::string_view> after(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  return line.substr(key.size());
}

template <class Number>
Result<Number> number_of(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return bad("number");
  return value;
}

template <class Id>
Status add_id(std::vector<Id>& ids, std::string_view hex) {
  if (ids.size() == fetch_ids_max) return bad("request: too many ids");
  auto id = Id::parse(hex);
  if (!id) return bad("object id");
  ids.push_back(*id);
  return ok();
}

/// "1k" is 1024, as in git's configuration.
Result<std::uint64_t> size_of(std::string_view text) {
  std::uint64_t unit = 1;
  if (!text.empty()) {
    const char last = static_cast<char>(text.back() | 0x20);
    if (last == 'k') unit = 1ull << 10;
    if (last == 'm') unit = 1ull << 20;
    if (last == 'g') unit = 1ull << 30;
  }
  if (unit > 1) text.remove_suffix(1);
  WAAG_TRY(const auto value, number_of<std::uint64_t>(text));
  if (value > std::numeric_limits<std::uint64_t>::max() / unit) return bad("size");
  return value * unit;
}

Result<BlobFilter> parse_filter(std::string_view spec) {
  BlobFilter filter;
  if (spec == "blob:none") {
    filter.none = true;
    return filter;
  }
  const auto limit = after(spec, "blob:limit=");
  if (!limit)
    return fail(Errc::invalid_argument, "only the filters blob:none and blob:limit are supported");
  WAAG_TRY(filter.bytes_max, size_of(*limit));
  return filter;
}

/// Lines that both versions spell alike. @return false if `line` is none of them
Result<bool> take_common(FetchRequest& request, std::string_view line) {
  if (const auto id = after(line, "have ")) {
    WAAG_CHECK(add_id(request.haves, *id));
  } else if (const auto cut = after(line, "shallow ")) {
    WAAG_CHECK(add_id(request.shallow, *cut));
  } else if (const auto depth = after(line, "deepen ")) {
    WAAG_TRY(request.deepen.depth, number_of<std::uint32_t>(*depth));
    if (request.deepen.depth == 0) return bad("depth");
  } else if (const auto time = after(line, "deepen-since ")) {
    WAAG_TRY(request.deepen.since, number_of<std::int64_t>(*time));
  } else if (const auto ref = after(line, "deepen-not ")) {
    if (request.deepen.not_refs.size() == prefixes_max) return bad("request: too many refs");
    request.deepen.not_refs.emplace_back(*ref);
  } else if (const auto spec = after(line, "filter ")) {
    WAAG_TRY(request.filter, parse_filter(*spec));
  } else if (line == "done") {
    request.done = true;
  } else {
    return false;
  }
  return true;
}

void take_capability(FetchRequest& request, std::string_view name) {
  if (name == "multi_ack_detailed") request.multi_ack_detailed = true;
  if (name == "no-done") request.no_done = true;
  if (name == "side-band-64k") request.side_band_64k = true;
  if (name == "no-progress") request.no_progress = true;
  if (name == "include-tag") request.include_tag = true;
  if (name == "deepen-relative") request.deepen.relative = true;
}

/// "want <id>[ capability]...": only the first line has capabilities.
Status take_want(FetchRequest& request, std::string_view text) {
  constexpr auto digits = 2 * GitId::size_bytes;
  WAAG_CHECK(add_id(request.wants, text.substr(0, digits)));
  text.remove_prefix(std::min(digits, text.size()));
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto name = text.substr(0, text.find(' '));
    take_capability(request, name);
    text.remove_prefix(name.size());
  }
  return ok();
}

}  // namespace

Result<FetchRequest> parse_fetch_v0(std::string_view body) {
  FetchRequest request;
  PktReader reader(body);
  bool flushed = false;
  while (true) {
    WAAG_TRY(const auto pkt, reader.next());
    if (!pkt || request.done) return request;
    if (flushed) request.negotiates = true;
    if (pkt->kind == PktKind::flush) {
      flushed = true;
      continue;
    }
    if (pkt->kind != PktKind::data) return bad("packet");
    const auto line = pkt->line();
    if (const auto want = after(line, "want ")) {
      WAAG_CHECK(take_want(request, *want));
      continue;
    }
    WAAG_TRY(const bool known, take_common(request, line));
    if (!known) return bad("line");
  }
}

std::string spell_fetch_v0(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                           const std::vector<std::string_view>& capabilities) {
  assert(!wants.empty());
  std::string body;
  for (const auto& id : wants) {
    auto line = "want " + id.hex();
    if (body.empty())
      for (const auto capability : capabilities) line.append(" ").append(capability);
    append_pkt(body, line + "\n");
  }
  body += pkt_flush;
  for (const auto& id : haves) append_pkt(body, "have " + id.hex() + "\n");
  append_pkt(body, "done\n");
  return body;
}

Result<Command> parse_command(std::string_view body) {
  Command command;
  PktReader reader(body);
  bool in_arguments = false;
  while (true) {
    WAAG_TRY(const auto pkt, reader.next());
    if (!pkt || pkt->kind == PktKind::flush) break;
    if (pkt->kind == PktKind::delimiter) {
      in_arguments = true;
      continue;
    }
    if (pkt->kind != PktKind::data) return bad("packet");
    const auto line = pkt->line();
    if (in_arguments) {
      if (command.arguments.size() == 2 * fetch_ids_max) return bad("request: too many lines");
      command.arguments.push_back(line);
    } else if (const auto name = after(line, "command=")) {
      command.name = *name;
    } else if (const auto format = after(line, "object-format="); format && *format != "sha1") {
      return bad("object format");
    }
  }
  if (command.name.empty()) return bad("request: no command");
  return command;
}

Result<FetchRequest> parse_fetch_v2(const std::vector<std::string_view>& arguments) {
  FetchRequest request;
  request.multi_ack_detailed = true;
  request.no_done = true;
  request.side_band_64k = true;
  for (const auto line : arguments) {
    if (const auto want = after(line, "want ")) {
      WAAG_CHECK(add_id(request.wants, *want));
      continue;
    }
    if (line == "wait-for-done") request.wait_for_done = true;
    take_capability(request, line);
    const bool flag = line == "thin-pack" || line == "ofs-delta" || line == "no-progress" ||
                      line == "include-tag" || line == "deepen-relative" || line == "wait-for-done";
    if (flag) continue;
    WAAG_TRY(const bool known, take_common(request, line));
    if (!known) return bad("argument of fetch");
  }
  return request;
}

Result<RefsRequest> parse_ls_refs(const std::vector<std::string_view>& arguments) {
  RefsRequest request;
  bool all = false;
  for (const auto line : arguments) {
    if (line == "peel") request.peel = true;
    if (line == "symrefs") request.symrefs = true;
    if (const auto prefix = after(line, "ref-prefix ")) {
      if (request.prefixes.size() == prefixes_max) all = true;
      if (!all) request.prefixes.emplace_back(*prefix);
    }
  }
  if (all) request.prefixes.clear();
  return request;
}

}  // namespace waag::git
