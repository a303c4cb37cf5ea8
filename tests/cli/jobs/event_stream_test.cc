#include "cli/jobs/event_stream.h"

#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using waag::cli::EventStream;

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

/// What comes out if `text` comes in pieces of `piece` bytes.
Events events_of(std::string_view text, std::size_t piece) {
  Events events;
  EventStream stream([&](auto name, auto data) { events.emplace_back(name, data); });
  for (std::size_t at = 0; at < text.size(); at += piece)
    CHECK(stream.feed(text.substr(at, piece)));
  return events;
}

}  // namespace

TEST_CASE("event_stream: events, in whatever pieces they come", "[cli][jobs]") {
  const auto* end = GENERATE("\n", "\r", "\r\n");
  const std::size_t piece = GENERATE(1, 2, 3, 1000);
  std::string text;
  for (const auto* line : {": hello", "event: state", "data: {\"a\":1}", "", ": still here", "",
                           "data:one", "data: two", "id: 7", "odd", "", "event: lost", "",
                           "event: progress", "data", "", "event: half", "data: half"})
    text += std::string(line) + end;
  CHECK(events_of(text, piece) ==
        Events{{"state", "{\"a\":1}"}, {"message", "one\ntwo"}, {"progress", ""}});
}

TEST_CASE("event_stream: what never ends a line is no stream of events", "[cli][jobs]") {
  EventStream stream([](auto, auto) { FAIL("an event"); });
  const std::string block(1u << 20, 'x');
  int fed = 0;
  while (fed < 100 && stream.feed(block)) ++fed;
  CHECK(fed == 4);
}
