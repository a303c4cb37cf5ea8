#include <charconv>
#include <cmath>
#include <set>

#include "protocol/certificate/members.h"
#include "protocol/git/path.h"
#include "protocol/utf8.h"

namespace waag::certificate {
namespace {

constexpr std::string_view digits = "0123456789";

Error bad(std::string what) {
  return fail(Errc::invalid_argument, "certificate: " + std::move(what));
}

/// The bytes of the JSON number that `text` begins with; 0: with none. Source: RFC 8259 section 6.
std::size_t number_bytes(std::string_view text) {
  const auto digits_at = [&](std::size_t from) {
    return std::min(text.find_first_not_of(digits, from), text.size()) - from;
  };
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto whole = at < text.size() ? digits_at(at) : 0;
  if (whole == 0 || (whole > 1 && text[at] == '0')) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const auto part = digits_at(at + 1);
    if (part == 0) return 0;
    at += 1 + part;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const auto part = at < text.size() ? digits_at(at) : 0;
    if (part == 0) return 0;
    at += part;
  }
  return at;
}

/// Takes a text apart by the form that it must have. Not Boost.JSON: that rounds numbers in their
/// last bit otherwise than they were written, and takes a member that is there twice. After the
/// first error nothing more is read.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) { open('{'); }

  void schema() {
    std::string found;
    member("schema", found);
    if (found != certificate::schema) refuse("of another schema, \"" + found + "\"");
  }
  template <class T>
  void member(std::string_view name, T& value) {
    key(name);
    if (!error_) get(value);
    if (error_ && !is_named_) name_error(name);
  }
  template <class T>
  void list(std::string_view name, std::vector<T>& values, std::size_t items_max) {
    key(name);
    open('[');
    while (!error_ && !is_next(']')) {
      next();
      if (values.size() == items_max)
        return refuse(Errc::too_large, "more than " + std::to_string(items_max) + " items");
      if (!error_) get(values.emplace_back());
    }
    close(']');
    if (error_ && !is_named_) name_error(name);
  }
  void begin(std::string_view name) {
    key(name);
    open('{');
  }
  void end() { close('}'); }

  Status finish() {
    close('}');
    skip_space();
    if (!rest_.empty()) refuse("more than one object");
    if (error_) return *std::move(error_);
    return ok();
  }

 private:
  void refuse(std::string what) { refuse(Errc::invalid_argument, std::move(what)); }
  void refuse(Errc code, std::string what) {
    if (!error_) error_ = fail(code, "certificate: " + std::move(what));
  }
  void name_error(std::string_view name) {
    error_->what += " (in \"" + std::string(name) + "\")";
    is_named_ = true;
  }

  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  bool is_next(char c) {
    skip_space();
    return rest_.starts_with(c);
  }
  bool take(char c) {
    if (error_ || !is_next(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(std::string("no '") + c + "' where one must be");
  }
  void open(char bracket) {
    expect(bracket);
    is_first_ = true;
  }
  void close(char bracket) {
    expect(bracket);
    is_first_ = false;
  }
  void next() {
    if (!is_first_) expect(',');
    is_first_ = false;
  }
  void key(std::string_view name) {
    if (error_) return;
    next();
    const auto quoted = '"' + std::string(name) + '"';
    skip_space();
    if (!rest_.starts_with(quoted)) {
      refuse("no member " + quoted + " where it must be");
      is_named_ = true;
      return;
    }
    rest_.remove_prefix(quoted.size());
    expect(':');
  }

  void get(std::string& value) {
    expect('"');
    while (!error_) {
      const auto plain = rest_.find_first_of("\"\\");
      if (plain == rest_.npos) return refuse("text without an end");
      value.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain + 1);
      if (rest_.data()[-1] == '"') break;
      escape(value);
      if (value.size() > text_bytes_max) break;
    }
    if (value.size() > text_bytes_max) return refuse("a text too long");
    if (has_control(value)) refuse("a control character");
  }
  /// All escapes but those of control characters, which no text may have.
  void escape(std::string& value) {
    const auto c = rest_.empty() ? '\0' : rest_.front();
    if (c != '"' && c != '\\' && c != '/') return refuse("an escape that no text needs");
    value += c;
    rest_.remove_prefix(1);
  }

  void get(std::uint64_t& value) {
    skip_space();
    const auto size = number_bytes(rest_);
    const auto* last = rest_.data() + size;
    const auto read = std::from_chars(rest_.data(), last, value);
    if (size == 0 || read.ec != std::errc() || read.ptr != last) return refuse("no whole number");
    rest_.remove_prefix(size);
  }
  void get(double& value) {
    skip_space();
    const auto size = number_bytes(rest_);
    const auto* last = rest_.data() + size;
    const auto read = std::from_chars(rest_.data(), last, value);
    if (size == 0 || read.ec != std::errc() || read.ptr != last || !std::isfinite(value))
      return refuse("no finite number");
    rest_.remove_prefix(size);
  }
  template <class T>
  void get(std::optional<T>& value) {
    constexpr std::string_view null = "null";
    skip_space();
    if (!rest_.starts_with(null)) return get(value.emplace());
    rest_.remove_prefix(null.size());
  }
  /// What is written as a text.
  template <class T, class Parse>
  void get_by(T& value, Parse parse) {
    std::string text;
    get(text);
    if (error_) return;
    auto parsed = parse(std::string_view(text));
    if (!parsed) return refuse(std::move(parsed).error().what);
    value = *std::move(parsed);
  }
  template <class Tag, std::size_t N>
  void get(HashId<Tag, N>& id) {
    get_by(id, [](std::string_view text) { return HashId<Tag, N>::parse(text); });
  }
  void get(PublicKey& key) {
    get_by(key, [](std::string_view text) -> Result<PublicKey> {
      constexpr std::string_view kind = "ed25519:";
      if (!text.starts_with(kind)) return fail(Errc::invalid_argument, "no key of Ed25519");
      return PublicKey::parse(text.substr(kind.size()));
    });
  }
  void get(hub::Millis& time) { get_by(time, hub::parse_date); }
  void get(Verdict& verdict) { get_by(verdict, parse_verdict); }
  void get(File& file) {
    open('{');
    file_members(*this, file);
    close('}');
  }
  void get(Tensor& tensor) {
    open('{');
    tensor_members(*this, tensor);
    close('}');
  }

  std::string_view rest_;
  std::optional<Error> error_;
  bool is_first_ = true;
  bool is_named_ = false;  // the error says where it is
};

Status check_files(const std::vector<File>& files) {
  std::set<std::string_view> paths;
  for (const auto& file : files) {
    if (!git::check_file_path(file.path)) return bad("\"" + file.path + "\" is no path in a repo");
    if (!paths.insert(file.path).second) return bad("\"" + file.path + "\" is named twice");
  }
  return ok();
}

Status check_tensors(const std::vector<Tensor>& tensors) {
  std::set<std::string_view> names;
  for (const auto& tensor : tensors)
    if (!names.insert(tensor.name).second) return bad("tensor \"" + tensor.name + "\" twice");
  return ok();
}

Status check_repo(std::string_view name) {
  const auto slash = std::min(name.find('/'), name.size());
  const auto rest = name.substr(std::min(slash + 1, name.size()));
  if (!RepoId::make(RepoType::model, name.substr(0, slash), rest))
    return bad("\"" + std::string(name) + "\" is no repo's name");
  return ok();
}

/// "gguf:Q4_K_M": it becomes a file's name.
Status check_target(std::string_view target) {
  const auto colon = target.find(':');
  const auto kind = target.substr(0, colon);
  const bool is_known = kind == "gguf" || kind == "safetensors";
  if (!is_known || !git::check_path_segment(target.substr(colon + 1)))
    return bad("\"" + std::string(target) + "\" is no target");
  return ok();
}

/// What the form alone does not say.
Status check(const Certificate& of) {
  WAAG_CHECK(check_repo(of.source_repo));
  WAAG_CHECK(check_repo(of.output_repo));
  WAAG_CHECK(check_target(of.target));
  WAAG_CHECK(check_files(of.source_files));
  WAAG_CHECK(check_files(of.output_files));
  if (of.output_files.empty()) return bad("it names no file");
  return check_tensors(of.tensors);
}

}  // namespace

Result<Certificate> parse_certificate(std::string_view text) {
  if (text.size() > certificate_bytes_max) return fail(Errc::too_large, "certificate too long");
  if (!is_utf8(text)) return bad("not UTF-8");
  Reader reader(text);
  reader.schema();
  Certificate certificate;
  certificate_members(reader, certificate);
  WAAG_CHECK(reader.finish());
  WAAG_CHECK(check(certificate));
  return certificate;
}

}  // namespace waag::certificate
