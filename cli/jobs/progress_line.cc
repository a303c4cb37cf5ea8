#include "cli/jobs/progress_line.h"

#include <algorithm>
#include <cmath>

#include "cli/print.h"

namespace waag::cli {
namespace {

constexpr std::chrono::milliseconds rate_window{10'000};
constexpr std::size_t samples_max = 100;
constexpr std::size_t bar_columns = 24;

std::uint64_t number_of(const boost::json::value& object, std::string_view key) {
  const auto* value = object.is_object() ? object.as_object().if_contains(key) : nullptr;
  if (value == nullptr || !value->is_number()) return 0;
  boost::system::error_code bad;
  const auto number = value->to_number<std::uint64_t>(bad);
  return bad ? 0 : number;
}

/// "12 s", "3 min", "2.5 h"
std::string human_time(double seconds) {
  const auto rounded = [](double value) { return std::to_string(std::llround(value)); };
  if (seconds < 90) return rounded(seconds) + " s";
  if (seconds < 90 * 60) return rounded(seconds / 60) + " min";
  return rounded(seconds / 3600) + " h";
}

/// At most `columns` characters, counting each UTF-8 sequence as one.
std::string cut(std::string text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u) continue;
    if (seen++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    const auto next = i + 1 < out.size() ? static_cast<unsigned char>(out[i + 1]) : 0u;
    const bool c1 = c == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F
    if (c < 0x20 || c == 0x7F || c1) out[i] = '?';
    if (c1) out[i + 1] = '?';
  }
  return out;
}

void ProgressLine::update(const boost::json::value& progress, Millis now) {
  const auto done = number_of(progress, "doneBytes");
  if (done < done_bytes_) samples_.clear();  // another attempt
  done_bytes_ = done;
  total_bytes_ = number_of(progress, "totalBytes");
  done_files_ = number_of(progress, "doneFiles");
  total_files_ = number_of(progress, "totalFiles");
  note_ = printable(field_text(progress, "note"));
  samples_.push_back({now, done});
  while (samples_.size() > samples_max ||
         (samples_.size() > 2 && samples_.front().at < now - rate_window))
    samples_.pop_front();
}

double ProgressLine::bytes_per_s() const {
  if (samples_.size() < 2) return 0;
  const auto took = samples_.back().at - samples_.front().at;
  if (took.count() <= 0) return 0;
  const auto bytes = samples_.back().bytes - samples_.front().bytes;
  return static_cast<double>(bytes) * 1000 / static_cast<double>(took.count());
}

double ProgressLine::share() const {
  const auto of = [](std::uint64_t done, std::uint64_t total) {
    return std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  };
  if (total_bytes_ > 0) return of(done_bytes_, total_bytes_);
  return total_files_ > 0 ? of(done_files_, total_files_) : -1;
}

std::string ProgressLine::text() const {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : "  ") + part; };
  if (share() >= 0) add(std::to_string(static_cast<int>(share() * 100)) + "%");
  if (total_bytes_ > 0)
    add(human_bytes(done_bytes_) + " of " + human_bytes(total_bytes_));
  else if (done_bytes_ > 0)
    add(human_bytes(done_bytes_));
  if (total_files_ > 0)
    add(std::to_string(done_files_) + " of " + std::to_string(total_files_) + " files");
  if (const double rate = bytes_per_s(); rate >= 1) {
    add(human_bytes(static_cast<std::uint64_t>(rate)) + "/s");
    if (total_bytes_ > done_bytes_)
      add(human_time(static_cast<double>(total_bytes_ - done_bytes_) / rate) + " left");
  }
  if (!note_.empty()) add(note_);
  return out;
}

std::string ProgressLine::bar(unsigned columns) const {
  const auto full = static_cast<std::size_t>(std::max(0.0, share()) * bar_columns);
  return cut("[" + std::string(full, '#') + std::string(bar_columns - full, '-') + "] " + text(),
             columns);
}

}  // namespace waag::cli
