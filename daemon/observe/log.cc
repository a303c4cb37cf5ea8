#include "daemon/observe/log.h"

#include <cerrno>
#include <ctime>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

namespace waag::daemon {
namespace {

constexpr std::size_t block_bytes_max = 32 * 1024;
constexpr std::size_t value_bytes_max = 2048;  // a longer value is cut: a line is for reading
constexpr std::size_t token_tail_min = 8;      // letters after "hf_" from which on it is a token

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::string_view level_name(LogLevel level) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
  return names[static_cast<std::size_t>(level)];
}

/// End of the secret that starts at `at`, or `at` if none does: a token, or the value of a
/// signature.
std::size_t secret_end(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("hf_")) {
    std::size_t end = at + 3;
    while (end < text.size() && is_alnum(text[end])) ++end;
    return end - at - 3 >= token_tail_min ? end : at;
  }
  for (const std::string_view mark : {"ignature=", "sig="}) {
    if (!text.substr(at).starts_with(mark)) continue;
    const auto end = text.find_first_of("& \"'\n", at);
    return end == std::string_view::npos ? text.size() : end;
  }
  return at;
}

/// The value with control characters, quotes and bytes beyond ASCII's end escaped as JSON does, and
/// with secrets masked. Valid in both formats.
void append_value(std::string& out, std::string_view text) {
  const auto cut = text.substr(0, value_bytes_max);
  for (std::size_t at = 0; at < cut.size();) {
    if (const auto end = secret_end(cut, at); end != at) {
      out += "***";
      at = end;
      continue;
    }
    const char c = cut[at++];
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20 || code >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += c;
    }
  }
}

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) return false;
  return !text.empty();
}

/// Writes the keys of one line in the format asked for.
class LineWriter {
 public:
  LineWriter(std::string& out, bool json) : out_(out), json_(json) {
    if (json_) out_ += '{';
  }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    open(key);
    const bool quoted = json_ || !is_plain(value);
    if (quoted) out_ += '"';
    append_value(out_, value);
    if (quoted) out_ += '"';
  }
  template <class T>
  void number(std::string_view key, const std::optional<T>& value) {
    if (!value) return;
    open(key);
    if constexpr (std::is_floating_point_v<T>)
      fmt::format_to(std::back_inserter(out_), "{:.3f}", *value);
    else
      fmt::format_to(std::back_inserter(out_), "{}", *value);
  }
  void end() { out_ += json_ ? "}\n" : "\n"; }

 private:
  void open(std::string_view key) {
    if (!first_) out_ += json_ ? ',' : ' ';
    first_ = false;
    if (json_) out_ += '"';
    out_ += key;
    out_ += json_ ? "\":" : "=";
  }
  std::string& out_;
  const bool json_;
  bool first_ = true;
};

std::string timestamp(std::chrono::milliseconds now) {
  const auto seconds = static_cast<std::time_t>(now.count() / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     now.count() % 1000);
}

}  // namespace

Log::Log(storage::Clock& clock, Options options, Sink sink)
    : clock_(clock), options_(options), sink_(std::move(sink)) {}

Log::~Log() { flush(); }

void Log::write(const LogLine& line) {
  if (!wants(line.level)) return;
  std::string text;
  text.reserve(256);
  LineWriter out(text, options_.json);
  out.text("ts", timestamp(clock_.now()));
  out.text("level", level_name(line.level));
  out.text("event", line.event);
  out.text("address", line.address);
  out.text("request_id", line.request_id);
  out.text("route", line.route);
  out.text("repo", line.repo);
  out.text("revision", line.revision);
  out.number("status", line.status);
  out.number("bytes", line.bytes);
  out.number("ms", line.ms);
  out.text("err", line.err);
  out.end();
  const std::lock_guard lock(mutex_);
  block_ += text;
  if (line.level < LogLevel::warn && block_.size() < block_bytes_max) return;
  sink_(block_);
  block_.clear();
}

void Log::flush() {
  const std::lock_guard lock(mutex_);
  if (block_.empty()) return;
  sink_(block_);
  block_.clear();
}

Log::Sink standard_error_sink() {
  return [](std::string_view block) {
    while (!block.empty()) {
      const auto written = ::write(STDERR_FILENO, block.data(), block.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      block.remove_prefix(static_cast<std::size_t>(written));
    }
  };
}

}  // namespace waag::daemon
