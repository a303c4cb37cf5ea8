#include "storage/meta/discussion_rows.h"

#include <charconv>

#include "storage/meta/row_codec.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::string_view pull_refs = "refs/pr/";

void put_flag(ByteWriter& out, bool flag) { out.fixed(static_cast<std::uint8_t>(flag)); }

/// What encode() never writes makes `good` false.
bool get_flag(ByteReader& in, bool& good) {
  const auto value = in.fixed<std::uint8_t>();
  good = good && value <= 1;
  return value == 1;
}

template <class Enum>
Enum get_enum(ByteReader& in, Enum last, bool& good) {
  const auto value = in.fixed<std::uint8_t>();
  good = good && value <= static_cast<std::uint8_t>(last);
  return good ? Enum{value} : Enum{};
}

}  // namespace

std::string encode(const DiscussionRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.fixed(row.number);
  out.text(row.title);
  out.text(row.author);
  put_time(out, row.created);
  out.fixed(static_cast<std::uint8_t>(row.status));
  out.fixed(row.events);
  out.fixed(row.comments);
  put_flag(out, row.is_pull);
  out.text(row.base);
  out.raw(row.start.view());
  out.raw(row.merge_commit.view());
  return out.str();
}

Result<DiscussionRow> decode_discussion(std::string_view value) {
  ByteReader in(as_bytes(value));
  bool good = in.fixed<std::uint8_t>() == row_version;
  DiscussionRow row;
  row.number = in.fixed<std::uint64_t>();
  row.title = in.text();
  row.author = in.text();
  row.created = get_time(in);
  row.status = get_enum(in, DiscussionStatus::draft, good);
  row.events = in.fixed<std::uint32_t>();
  row.comments = in.fixed<std::uint32_t>();
  row.is_pull = get_flag(in, good);
  row.base = in.text();
  get_id(in, row.start);
  get_id(in, row.merge_commit);
  if (!good || !in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of a discussion");
  return row;
}

std::string encode(const EventRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.fixed(static_cast<std::uint8_t>(row.kind));
  out.text(row.author);
  put_time(out, row.at);
  out.text(row.text);
  out.text(row.old_text);
  out.fixed(static_cast<std::uint8_t>(row.status));
  put_flag(out, row.hidden);
  out.fixed(row.edits);
  out.text(row.edited_by);
  put_time(out, row.edited_at);
  return out.str();
}

Result<EventRow> decode_event(std::string_view value) {
  ByteReader in(as_bytes(value));
  bool good = in.fixed<std::uint8_t>() == row_version;
  EventRow row;
  row.kind = get_enum(in, EventKind::title_change, good);
  row.author = in.text();
  row.at = get_time(in);
  row.text = in.text();
  row.old_text = in.text();
  row.status = get_enum(in, DiscussionStatus::draft, good);
  row.hidden = get_flag(in, good);
  row.edits = in.fixed<std::uint32_t>();
  row.edited_by = in.text();
  row.edited_at = get_time(in);
  if (!good || !in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of an event");
  return row;
}

std::string pull_ref(std::uint64_t number) {
  return std::string(pull_refs) + std::to_string(number);
}

std::optional<std::uint64_t> pull_number(std::string_view ref) {
  if (!ref.starts_with(pull_refs)) return std::nullopt;
  std::uint64_t number = 0;
  const auto digits = ref.substr(pull_refs.size());
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || pull_ref(number) != ref) return std::nullopt;
  return number;
}

}  // namespace waag::storage
