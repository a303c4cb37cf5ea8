#include "protocol/git/client/ref_advertisement.h"

#include <algorithm>
#include <unordered_set>

#include "protocol/git/pkt_line.h"

namespace waag::git {
namespace {

constexpr std::string_view service_line = "# service=git-upload-pack";
constexpr std::string_view peeled_mark = "^{}";
/// What stands in a ref's place where there is none.
constexpr std::string_view no_refs = "capabilities^{}";
constexpr std::size_t server_text_bytes_max = 500;

Error bad(const std::string& what) {
  return fail(Errc::upstream_failed, "ref advertisement: " + what);
}

bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

class Reader {
 public:
  explicit Reader(std::string_view body) : packets_(body) {}

  Result<RefAdvertisement> run() {
    WAAG_TRY(const auto service, next());
    if (service.kind != PktKind::data || service.line() != service_line)
      return bad("it is not of git-upload-pack");
    WAAG_TRY(const auto mark, next());
    if (mark.kind != PktKind::flush) return bad("no flush after the service");
    while (true) {
      WAAG_TRY(const auto pkt, next());
      if (pkt.kind == PktKind::flush) break;
      if (pkt.kind != PktKind::data) return bad("malformed packet");
      WAAG_CHECK(take_line(pkt.line()));
    }
    if (!packets_.rest().empty()) return bad("bytes after its end");
    return std::move(found_);
  }

 private:
  Result<Pkt> next() {
    const auto pkt = packets_.next();
    if (!pkt) return bad(pkt.error().what);
    if (!*pkt) return bad("it is cut short");
    return **pkt;
  }

  Status take_line(std::string_view line) {
    if (line.starts_with("ERR ")) return bad("the server says: " + server_text(line.substr(4)));
    if (ended_) return bad("refs of an empty repository");
    if (first_) {
      first_ = false;
      const auto nul = line.find('\0');
      if (nul == line.npos) return bad("no capabilities");
      WAAG_CHECK(take_capabilities(line.substr(nul + 1)));
      line = line.substr(0, nul);
      if (line == std::string(2 * GitId::size_bytes, '0') + ' ' + std::string(no_refs)) {
        ended_ = true;
        return ok();
      }
    }
    if (line.starts_with("shallow ")) return bad("the repository lacks a part of its history");
    return take_ref(line);
  }

  Status take_capabilities(std::string_view text) {
    constexpr std::string_view head = "symref=HEAD:";
    constexpr std::string_view format = "object-format=";
    while (!text.empty()) {
      const auto word = text.substr(0, text.find(' '));
      text.remove_prefix(std::min(word.size() + 1, text.size()));
      if (word.empty()) continue;
      if (!is_plain(word)) return bad("malformed capability");
      if (word.starts_with(format) && word.substr(format.size()) != "sha1")
        return bad("ids are not SHA-1");
      if (word.starts_with(head)) found_.head = word.substr(head.size());
      found_.capabilities.emplace_back(word);
    }
    return ok();
  }

  /// "<id> <name>"
  Status take_ref(std::string_view line) {
    constexpr auto digits = 2 * GitId::size_bytes;
    if (line.size() <= digits + 1 || line[digits] != ' ') return bad("malformed line");
    const auto id = GitId::parse(line.substr(0, digits));
    auto name = line.substr(digits + 1);
    if (!id || id->is_zero()) return bad("malformed id");
    if (!is_plain(name)) return bad("malformed name of a ref");
    if (name.ends_with(peeled_mark)) {
      name.remove_suffix(peeled_mark.size());
      return take_peeled(name, *id);
    }
    at_head_ = name == "HEAD";
    if (!at_head_ && !name.starts_with("refs/")) return bad("malformed name of a ref");
    if (!names_.insert(std::string(name)).second) return bad("a ref is named twice");
    if (found_.refs.size() == advertised_refs_max) return bad("too many refs");
    if (!at_head_) found_.refs.push_back({std::string(name), *id, {}});
    return ok();
  }

  /// Follows the line of its tag. HEAD may lead to a tag, too.
  Status take_peeled(std::string_view name, const GitId& id) {
    if (at_head_ && name == "HEAD") return ok();
    if (at_head_ || found_.refs.empty() || found_.refs.back().name != name ||
        !found_.refs.back().peeled.is_zero())
      return bad("a peeled ref without its tag");
    found_.refs.back().peeled = id;
    return ok();
  }

  PktReader packets_;
  RefAdvertisement found_;
  std::unordered_set<std::string> names_;
  bool first_ = true;
  bool ended_ = false;
  bool at_head_ = false;
};

}  // namespace

bool RefAdvertisement::can(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

Result<RefAdvertisement> parse_ref_advertisement(std::string_view body) {
  return Reader(body).run();
}

std::string server_text(std::string_view text) {
  std::string line(text.substr(0, server_text_bytes_max));
  while (line.ends_with('\n')) line.pop_back();
  std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

}  // namespace waag::git
