#include "storage/meta/discussion_rows.h"

#include <catch2/catch.hpp>

namespace waag::storage {
namespace {

DiscussionRow pull() {
  DiscussionRow row;
  row.number = 7;
  row.title = "Add weights";
  row.author = "ann";
  row.created = TimeMs(123);
  row.status = DiscussionStatus::merged;
  row.events = 3;
  row.comments = 2;
  row.is_pull = true;
  row.base = "refs/heads/main";
  row.start.bytes.fill(std::byte{1});
  row.merge_commit.bytes.fill(std::byte{2});
  return row;
}

EventRow comment() {
  EventRow row;
  row.author = "bob";
  row.at = TimeMs(-5);
  row.text = "Why?";
  row.edits = 2;
  row.edited_by = "ann";
  row.edited_at = TimeMs(99);
  return row;
}

/// Every cut, every byte more and another version must be refused.
template <class Decode>
void check_strict(const std::string& value, Decode decode) {
  REQUIRE(decode(value));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes) {
    CAPTURE(bytes);
    CHECK_FALSE(decode(value.substr(0, bytes)));
  }
  CHECK(decode(value + "x").error().code == Errc::corrupt);
  auto later = value;
  later[0] = 99;
  CHECK(decode(later).error().code == Errc::corrupt);
}

/// The only byte by which two values differ.
std::size_t difference(const std::string& a, const std::string& b) {
  REQUIRE(a.size() == b.size());
  std::size_t found = a.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    REQUIRE(found == a.size());
    found = i;
  }
  REQUIRE(found < a.size());
  return found;
}

}  // namespace

TEST_CASE("discussion_rows: what was encoded comes back", "[storage][discussion_rows]") {
  CHECK(*decode_discussion(encode(pull())) == pull());
  CHECK(*decode_discussion(encode(DiscussionRow{})) == DiscussionRow{});
  CHECK(*decode_event(encode(comment())) == comment());
  auto event = comment();
  event.kind = EventKind::title_change;
  event.old_text = "Old";
  event.status = DiscussionStatus::closed;
  event.hidden = true;
  CHECK(*decode_event(encode(event)) == event);
}

TEST_CASE("discussion_rows: anything else is refused", "[storage][discussion_rows]") {
  check_strict(encode(pull()), decode_discussion);
  check_strict(encode(comment()), decode_event);

  auto other = pull();
  other.status = DiscussionStatus::draft;
  auto value = encode(other);
  value[difference(value, encode(pull()))] = 4;
  CHECK(decode_discussion(value).error().code == Errc::corrupt);
  other = pull();
  other.is_pull = false;
  value = encode(other);
  value[difference(value, encode(pull()))] = 2;
  CHECK(decode_discussion(value).error().code == Errc::corrupt);

  auto event = comment();
  event.kind = EventKind::title_change;
  value = encode(event);
  value[difference(value, encode(comment()))] = 3;
  CHECK(decode_event(value).error().code == Errc::corrupt);
  event = comment();
  event.hidden = true;
  value = encode(event);
  value[difference(value, encode(comment()))] = 2;
  CHECK(decode_event(value).error().code == Errc::corrupt);
}

TEST_CASE("discussion_rows: names of refs of pull requests", "[storage][discussion_rows]") {
  CHECK(pull_ref(7) == "refs/pr/7");
  CHECK(pull_number("refs/pr/7") == 7);
  CHECK(pull_number(pull_ref(18446744073709551615ull)) == 18446744073709551615ull);
  for (const auto* ref : {"", "refs/pr/", "refs/pr/07", "refs/pr/+7", "refs/pr/7x", "refs/pr/7/8",
                          "refs/heads/7", "refs/pr/18446744073709551616"}) {
    CAPTURE(ref);
    CHECK_FALSE(pull_number(ref));
  }
}

}  // namespace waag::storage
