#include "cli/jobs/event_stream.h"

namespace waag::cli {
namespace {

/// A job's spec and result are far smaller.
constexpr std::size_t line_bytes_max = 4u << 20;

}  // namespace

bool EventStream::feed(std::string_view bytes) {
  for (const char c : bytes) {
    const bool second_of_two = c == '\n' && after_cr_;
    after_cr_ = c == '\r';
    if (second_of_two) continue;
    if (c != '\n' && c != '\r') {
      if (line_.size() >= line_bytes_max) return false;
      line_ += c;
      continue;
    }
    line(line_);
    line_.clear();
  }
  return true;
}

void EventStream::line(std::string_view text) {
  if (text.empty()) {
    if (has_data_) take_(name_.empty() ? "message" : name_, data_);
    name_.clear();
    data_.clear();
    has_data_ = false;
    return;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field != "data") return;
  if (has_data_) data_ += '\n';
  data_ += value;
  has_data_ = true;
}

}  // namespace waag::cli
