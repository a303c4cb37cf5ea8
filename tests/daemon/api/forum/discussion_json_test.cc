#include "daemon/api/forum/discussion_json.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

TEST_CASE("discussion json: ids of events", "[daemon][discussions]") {
  CHECK(event_id(1, 2) == "000000000000000100000002");
  CHECK(event_id(0xABCDEF, 0xFFFFFFFF) == "0000000000abcdefffffffff");
  CHECK(parse_event_id(1, "000000000000000100000002") == 2u);
  CHECK(parse_event_id(0xABCDEF, "0000000000abcdefffffffff") == 0xFFFFFFFFu);
  for (const auto* id :
       {"", "2", "000000000000000200000002", "00000000000000010000000g", "0000000000000001+0000002",
        "0000000000000001000000020", "00000000000000010000000A"}) {
    CAPTURE(id);
    CHECK_FALSE(parse_event_id(1, id));
  }
}

TEST_CASE("discussion json: text is never markup", "[daemon][discussions]") {
  CHECK(html_of("") == "<p></p>");
  CHECK(html_of("a <i>&\"\nb") == "<p>a &lt;i&gt;&amp;&quot;<br>\nb</p>");
}

TEST_CASE("discussion json: events by time, commits among them", "[daemon][discussions]") {
  const auto comment = [](int at) {
    storage::EventRow row;
    row.author = "ann";
    row.at = storage::TimeMs(at);
    return row;
  };
  const auto commit = [](int at, int byte) {
    storage::Pulls::PushedCommit pushed;
    pushed.commit.id.bytes.fill(static_cast<std::byte>(byte));
    pushed.commit.message = "Title\n\nBody";
    pushed.at = storage::TimeMs(at);
    return pushed;
  };
  hub::JsonWriter json;
  write_events(json, 1, {comment(5), comment(6), comment(8)},
               {commit(4, 1), commit(6, 2), commit(7, 3), commit(9, 4)});
  const auto text = json.take();
  std::string order;
  for (std::size_t at = 0; (at = text.find("{\"id\":\"", at)) != text.npos; ++at)
    order += text.substr(at + 7 + 22, 2) + " ";
  CHECK(order == "00 01 02 01 03 02 04 ");
  CHECK(text.find(R"("subject":"Title","oid":")") != text.npos);
}
