#include "cli/jobs/watch.h"

#include <algorithm>
#include <ostream>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cli/jobs/event_stream.h"
#include "cli/jobs/progress_line.h"
#include "cli/jobs/validation.h"
#include "cli/print.h"

namespace waag::cli {
namespace {

namespace json = boost::json;
using Millis = std::chrono::milliseconds;

/// Streams in a row without any event before we give up: about five minutes.
constexpr unsigned silent_streams_max = 20;
constexpr Millis pause{1'000};
constexpr Millis pause_max{15'000};
/// Between two lines of progress where there is no terminal: logs are kept.
constexpr Millis line_period{5'000};

/// What we show of one job.
class View {
 public:
  View(Context& context, std::uint64_t id)
      : context_(context), out_(context.world.out), name_("job " + std::to_string(id)) {}

  void take(std::string_view event, std::string_view data) {
    boost::system::error_code bad;
    const auto value = json::parse(data, bad);
    if (bad || !value.is_object()) return;
    heard_ = true;
    if (context_.json) {
      const json::object line{{"event", event}, {"data", value}};
      out_ << json::serialize(line) << '\n' << std::flush;
    }
    if (event == "state")
      show_state(value);
    else if (event == "progress")
      show_progress(value);
  }
  /// The bar is done with, whatever comes next.
  void end_line() {
    if (bar_shown_) out_ << '\n' << std::flush;
    bar_shown_ = false;
  }
  [[nodiscard]] bool over() const {
    return state_ == "done" || state_ == "failed" || state_ == "cancelled";
  }
  [[nodiscard]] bool done() const { return state_ == "done"; }
  [[nodiscard]] bool heard() const { return heard_; }
  void forget_heard() { heard_ = false; }

 private:
  void show_state(const json::value& job) {
    state_ = field_text(job, "state");
    if (const auto* progress = job.as_object().if_contains("progress"))
      progress_.update(*progress, context_.world.now());
    if (context_.json) return;
    if (over() && context_.world.columns > 0) draw();
    end_line();
    auto line = name_ + " " + printable(state_);
    if (!over() && job.as_object().contains("cancelling")) line += ", being cancelled";
    if (const auto later = field_text(job, "notBefore"); !over() && !later.empty())
      line += ", not before " + printable(later);
    if (const auto why = why_of(job); !why.empty()) line += ": " + printable(why);
    if (line == last_line_) return;
    last_line_ = line;
    (over() && !done() ? context_.world.err : out_) << line << '\n' << std::flush;
    if (const auto* result = job.as_object().if_contains("result"); over() && result != nullptr)
      show_validation(out_, *result);
  }
  /// Of a job that waits for its time, or is over.
  static std::string why_of(const json::value& job) {
    const auto error = field_text(job, "error");
    const auto* progress = job.as_object().if_contains("progress");
    if (!error.empty() || progress == nullptr || field_text(job, "notBefore").empty()) return error;
    return field_text(*progress, "note");
  }
  void show_progress(const json::value& progress) {
    const auto now = context_.world.now();
    progress_.update(progress, now);
    if (context_.json) return;
    if (context_.world.columns > 0) return draw();
    if (lines_ > 0 && now - printed_ < line_period) return;
    ++lines_;
    printed_ = now;
    out_ << name_ << ": " << progress_.text() << '\n' << std::flush;
  }
  void draw() {
    // "\x1b[K" takes away what a longer line has left.
    out_ << '\r' << progress_.bar(context_.world.columns - 1) << "\x1b[K" << std::flush;
    bar_shown_ = true;
  }

  Context& context_;
  std::ostream& out_;
  const std::string name_;
  std::string state_, last_line_;
  ProgressLine progress_;
  Millis printed_{};
  unsigned lines_ = 0;
  bool bar_shown_ = false;
  bool heard_ = false;  // on this stream
};

/// Whether asking again may help.
bool may_pass(const Hub::Failure& failure) {
  return failure.status == 0 || failure.status == 429 || failure.status >= 500;
}

}  // namespace

int watch_job(Context& context, std::uint64_t id) {
  const auto path = "/api/waag/v1/jobs/" + std::to_string(id) + "/events";
  View view(context, id);
  bool ever = false;
  for (unsigned silent = 0;;) {
    EventStream events([&view](std::string_view name, std::string_view data) {
      if (!view.over()) view.take(name, data);
    });
    const auto ended = context.hub.stream(
        path, [&](std::string_view bytes) { return events.feed(bytes) && !view.over(); });
    if (view.over()) return view.done() ? exit_ok : exit_refused;
    ever = ever || view.heard();
    silent = view.heard() ? 0 : silent + 1;
    view.forget_heard();
    const bool give_up = !ever || silent > silent_streams_max;
    if (ended && (give_up || !may_pass(*ended))) {
      view.end_line();
      return context.refuse(*ended);
    }
    if (give_up) {
      view.end_line();
      context.world.err << "waag: the hub says nothing about job " << id << '\n';
      return exit_unreachable;
    }
    context.world.sleep(std::min(pause_max, pause * (silent + 1)));
  }
}

void show_warnings(Context& context, const json::value& result) {
  const auto* warnings = result.is_object() ? result.get_object().if_contains("warnings") : nullptr;
  if (warnings == nullptr || !warnings->is_array()) return;
  for (const auto& one : warnings->get_array())
    if (one.is_string())
      context.world.err << "warning: " << printable(std::string(one.get_string())) << '\n';
}

}  // namespace waag::cli
