#include "protocol/certificate/certificate.h"

#include <array>
#include <charconv>
#include <cmath>

#include "protocol/certificate/members.h"
#include "protocol/hub/json_writer.h"

namespace waag::certificate {
namespace {

/// The shortest text that is read as the same value; with a point or an exponent, so that "-0.0"
/// keeps its sign.
std::string text_of_double(double value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

/// Objects a member a line, lists an item a line, an item on one line.
class Writer {
 public:
  Writer() { open('{'); }

  template <class T>
  void member(std::string_view name, const T& value) {
    key(name);
    put(value);
  }
  template <class T>
  void list(std::string_view name, const std::vector<T>& values, std::size_t) {
    key(name);
    const bool is_of_one_line = on_one_line_ || std::is_arithmetic_v<T>;
    open('[');
    const bool before = std::exchange(on_one_line_, is_of_one_line);
    for (const auto& value : values) {
      next();
      const bool outside = std::exchange(on_one_line_, true);
      put(value);
      on_one_line_ = outside;
    }
    if (values.empty()) on_one_line_ = true;
    close(']');
    on_one_line_ = before;
  }
  void begin(std::string_view name) {
    key(name);
    open('{');
  }
  void end() { close('}'); }

  std::string finish() {
    close('}');
    return std::move(out_) + '\n';
  }

 private:
  void open(char bracket) {
    out_ += bracket;
    ++depth_;
    is_first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!on_one_line_) new_line();
    out_ += bracket;
    is_first_ = false;
  }
  void next() {
    if (!is_first_) out_ += ',';
    if (!on_one_line_) {
      new_line();
    } else if (!is_first_) {
      out_ += ' ';
    }
    is_first_ = false;
  }
  void new_line() { out_.append("\n").append(2 * depth_, ' '); }
  void key(std::string_view name) {
    next();
    put(name);
    out_ += ": ";
  }

  void put(std::string_view text) {
    hub::JsonWriter json;
    out_ += json.string(text).take();
  }
  void put(std::uint64_t value) { out_ += std::to_string(value); }
  void put(double value) { out_ += text_of_double(value); }
  template <class Tag, std::size_t N>
  void put(const HashId<Tag, N>& id) {
    put(std::string_view(id.hex()));
  }
  void put(const PublicKey& key) { put(std::string_view("ed25519:" + key.hex())); }
  void put(hub::Millis time) { put(std::string_view(hub::format_date(time))); }
  void put(Verdict verdict) { put(to_string(verdict)); }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) return put(*value);
    out_ += "null";
  }
  void put(const File& file) {
    open('{');
    file_members(*this, file);
    close('}');
  }
  void put(const Tensor& tensor) {
    open('{');
    tensor_members(*this, tensor);
    close('}');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
  bool on_one_line_ = false;
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      break;
  }
  return "fail";
}

Result<Verdict> parse_verdict(std::string_view text) {
  for (const auto verdict : {Verdict::pass, Verdict::warn, Verdict::fail})
    if (text == to_string(verdict)) return verdict;
  return fail(Errc::invalid_argument, "a verdict that is none of pass, warn, fail");
}

std::string text_of(const Certificate& certificate) {
  Writer writer;
  writer.member("schema", schema);
  certificate_members(writer, certificate);
  return writer.finish();
}

std::string path_of(std::string_view target) {
  return "certificates/" + std::string(target.substr(target.find(':') + 1)) + ".json";
}

std::string signature_path_of(std::string_view path) { return std::string(path) + ".sig"; }

}  // namespace waag::certificate
