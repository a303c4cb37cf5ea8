#include <charconv>

#include "protocol/git/object.h"

// Commits and tags: header lines "key value", an empty line, the message. A line that starts with a
// space continues the header before it.

namespace waag::git {
namespace {

Error bad(const char* what) {
  return fail(Errc::unprocessable, std::string("git header: ") + what);
}

/// Takes whole lines off the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// The value of the next line if its key is `key`.
  std::optional<std::string_view> take(std::string_view key) {
    if (!rest_.starts_with(key) || rest_.size() <= key.size() || rest_[key.size()] != ' ')
      return std::nullopt;
    const auto end = rest_.find('\n');
    if (end == rest_.npos) return std::nullopt;
    const auto value = rest_.substr(key.size() + 1, end - key.size() - 1);
    rest_.remove_prefix(end + 1);
    return value;
  }
  /// All lines up to the empty one, which is taken too; nullopt if there is none.
  std::optional<std::string_view> take_to_empty_line() {
    std::size_t end = 0;
    if (!rest_.starts_with('\n')) {
      const auto found = rest_.find("\n\n");
      if (found == rest_.npos) return std::nullopt;
      end = found + 1;
    }
    const auto lines = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return lines;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

Status check_extra_headers(std::string_view lines) {
  if (lines.empty()) return ok();
  if (!lines.ends_with('\n') || lines.find("\n\n") != lines.npos || lines.starts_with('\n'))
    return bad("extra headers are not whole lines");
  if (lines.starts_with(' ')) return bad("extra headers start with a continuation");
  if (lines.find('\0') != lines.npos) return bad("NUL");
  for (const auto key :
       {"tree ", "parent ", "author ", "committer ", "object ", "type ", "tag ", "tagger "})
    if (lines.starts_with(key)) return bad("header out of place");
  return ok();
}

bool is_zone(std::string_view zone) {
  return zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
         zone.find_first_not_of("0123456789", 1) == zone.npos;
}

template <class Id>
Result<Id> parse_id(std::string_view hex) {
  // Upper case would not survive the round trip.
  if (hex.find_first_of("ABCDEF") != hex.npos) return bad("id in upper case");
  auto id = Id::parse(hex);
  if (!id) return bad("id is not 40 hex digits");
  return id;
}

/// Strict where it must be to give the same bytes back: one space before '<' and around the time.
Result<Signature> parse_signature(std::string_view line) {
  if (line.find('\0') != line.npos) return bad("NUL");
  const auto open = line.find('<');
  const auto close = line.find('>');
  if (open == line.npos || close == line.npos || close < open)
    return bad("signature without email");
  Signature signature;
  if (open > 0) {
    if (line[open - 1] != ' ') return bad("no space before email");
    signature.name = std::string(line.substr(0, open - 1));
  }
  signature.email = std::string(line.substr(open + 1, close - open - 1));
  if (signature.email.find('<') != signature.email.npos) return bad("'<' within email");
  const auto tail = line.substr(close + 1);
  const auto space = tail.rfind(' ');
  if (!tail.starts_with(' ') || space == 0 || space == tail.npos)
    return bad("signature without time");
  const auto seconds = tail.substr(1, space - 1);
  const auto end = seconds.data() + seconds.size();
  const auto parsed = std::from_chars(seconds.data(), end, signature.unix_seconds);
  if (parsed.ec != std::errc{} || parsed.ptr != end ||
      seconds != std::to_string(signature.unix_seconds))
    return bad("time is not a number");
  signature.zone = std::string(tail.substr(space + 1));
  if (!is_zone(signature.zone)) return bad("time zone");
  // An empty name is spelt " <" by git and "<" by others: only the first is kept apart from the
  // second.
  if (signature.name.empty() && open == 0) return bad("no name");
  return signature;
}

Result<std::string> spell(const Signature& signature) {
  const std::string_view forbidden("<>\n\0", 4);
  if (signature.name.find_first_of(forbidden) != std::string::npos ||
      signature.email.find_first_of(forbidden) != std::string::npos)
    return bad("name or email holds a delimiter");
  if (!is_zone(signature.zone)) return bad("time zone");
  return signature.name + " <" + signature.email + "> " + std::to_string(signature.unix_seconds) +
         " " + signature.zone;
}

}  // namespace

Result<std::string> serialize_commit(const GitCommit& commit) {
  WAAG_TRY(const auto author, spell(commit.author));
  WAAG_TRY(const auto committer, spell(commit.committer));
  WAAG_CHECK(check_extra_headers(commit.extra_headers));
  std::string body = "tree " + commit.tree.hex() + "\n";
  for (const auto& parent : commit.parents) body += "parent " + parent.hex() + "\n";
  body += "author " + author + "\ncommitter " + committer + "\n";
  return body + commit.extra_headers + "\n" + commit.message;
}

Result<GitCommit> parse_commit(ByteView body) {
  if (body.size() > object_bytes_max) return bad("commit too large");
  Lines lines(as_text(body));
  GitCommit commit;
  const auto tree = lines.take("tree");
  if (!tree) return bad("no tree");
  WAAG_TRY(commit.tree, parse_id<GitId>(*tree));
  while (const auto parent = lines.take("parent")) {
    WAAG_TRY(const auto id, parse_id<CommitId>(*parent));
    commit.parents.push_back(id);
  }
  const auto author = lines.take("author");
  if (!author) return bad("no author");
  WAAG_TRY(commit.author, parse_signature(*author));
  const auto committer = lines.take("committer");
  if (!committer) return bad("no committer");
  WAAG_TRY(commit.committer, parse_signature(*committer));
  const auto extra = lines.take_to_empty_line();
  if (!extra) return bad("no empty line before the message");
  WAAG_CHECK(check_extra_headers(*extra));
  commit.extra_headers = std::string(*extra);
  commit.message = std::string(lines.rest());
  return commit;
}

Result<std::string> serialize_tag(const GitTag& tag) {
  if (tag.name.empty() || tag.name.find_first_of(std::string_view("\n\0", 2)) != tag.name.npos)
    return bad("tag name");
  WAAG_CHECK(check_extra_headers(tag.extra_headers));
  std::string body = "object " + tag.object.hex() + "\n";
  body += "type " + std::string(to_string(tag.kind)) + "\n";
  body += "tag " + tag.name + "\n";
  if (tag.tagger) {
    WAAG_TRY(const auto tagger, spell(*tag.tagger));
    body += "tagger " + tagger + "\n";
  }
  return body + tag.extra_headers + "\n" + tag.message;
}

Result<GitTag> parse_tag(ByteView body) {
  if (body.size() > object_bytes_max) return bad("tag too large");
  Lines lines(as_text(body));
  GitTag tag;
  const auto object = lines.take("object");
  if (!object) return bad("no object");
  WAAG_TRY(tag.object, parse_id<GitId>(*object));
  const auto kind = lines.take("type");
  if (!kind) return bad("no type");
  WAAG_TRY(tag.kind, parse_object_kind(*kind));
  const auto name = lines.take("tag");
  if (!name || name->empty() || name->find('\0') != name->npos) return bad("no tag name");
  tag.name = std::string(*name);
  if (const auto tagger = lines.take("tagger")) {
    WAAG_TRY(tag.tagger, parse_signature(*tagger));
  }
  const auto extra = lines.take_to_empty_line();
  if (!extra) return bad("no empty line before the message");
  WAAG_CHECK(check_extra_headers(*extra));
  tag.extra_headers = std::string(*extra);
  tag.message = std::string(lines.rest());
  return tag;
}

}  // namespace waag::git
