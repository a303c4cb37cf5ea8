#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace waag::cli {

/// Reads server-sent events from bytes that come in any pieces. Source: HTML Living Standard,
/// section 9.2.6; ids and retry times, which our hub does not send, are passed over.
class EventStream {
 public:
  using Take = std::function<void(std::string_view name, std::string_view data)>;
  explicit EventStream(Take take) : take_(std::move(take)) {}

  /// Calls `take` for each event that is complete by then. @return false if a line is longer than
  /// any hub sends: this is no stream of events
  bool feed(std::string_view bytes);

 private:
  void line(std::string_view text);

  const Take take_;
  std::string line_;  // what has come of one
  std::string name_, data_;
  bool has_data_ = false;
  bool after_cr_ = false;
};

}  // namespace waag::cli
