#include "protocol/xet/remote/remote_plan.h"

#include <algorithm>
#include <cassert>

#include <boost/json/value.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::xet {
namespace {

namespace json = boost::json;

/// Signed URLs of file servers are shorter than 4 KiB.
constexpr std::size_t url_bytes_max = 16 * 1024;

Error bad(std::string what) {
  return fail(Errc::upstream_failed, "reconstruction of the upstream: " + std::move(what));
}

/// The upstream's mistake is no bad argument of our caller.
template <class T>
Result<T> theirs(Result<T> result) {
  if (result) return result;
  return bad(std::move(result).error().what);
}

Result<std::uint64_t> number(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto value, theirs(hub::json_uint(from, key)));
  if (!value) return bad(std::string(key) + " is missing");
  return *value;
}

struct Span {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

Result<Span> span_of(const json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value == nullptr || !value->is_object()) return bad(std::string(key) + " is missing");
  Span span;
  WAAG_TRY(span.start, number(value->get_object(), "start"));
  WAAG_TRY(span.end, number(value->get_object(), "end"));
  return span;
}

/// Chunk numbers: end exclusive, not empty.
Result<Span> chunks_of(const json::object& from, std::string_view key) {
  WAAG_TRY(const auto span, span_of(from, key));
  if (span.start >= span.end || span.end > xorb_chunks_max) return bad("chunks out of bounds");
  return span;
}

Result<PlanTerm> term_of(const json::value& value) {
  if (!value.is_object()) return bad("a term that is no object");
  const auto& from = value.get_object();
  PlanTerm term;
  WAAG_TRY(const auto hash, theirs(hub::json_required_string(from, "hash")));
  WAAG_TRY(term.xorb, theirs(parse_xet_string<XorbHash>(hash)));
  WAAG_TRY(const auto chunks, chunks_of(from, "range"));
  term.begin = static_cast<std::uint32_t>(chunks.start);
  term.end = static_cast<std::uint32_t>(chunks.end);
  WAAG_TRY(const auto bytes, number(from, "unpacked_length"));
  const auto count = chunks.end - chunks.start;
  if (bytes < count || bytes > count * chunk_bytes_max) return bad("a term of an odd length");
  term.raw_bytes = static_cast<std::uint32_t>(bytes);
  return term;
}

/// @param chunks, bytes  names of its members, which the versions call differently
Result<RemoteRange> range_of(const json::value& value, std::string_view chunks_key,
                             std::string_view bytes_key) {
  if (!value.is_object()) return bad("a range that is no object");
  WAAG_TRY(const auto chunks, chunks_of(value.get_object(), chunks_key));
  WAAG_TRY(const auto bytes, span_of(value.get_object(), bytes_key));
  if (bytes.end < bytes.start || bytes.end >= xorb_bytes_max) return bad("bytes out of bounds");
  const auto length = bytes.end - bytes.start + 1;  // the last byte is named
  const auto count = chunks.end - chunks.start;
  const auto shortest = count * (chunk_header_bytes + 1);
  const auto longest = count * (chunk_header_bytes + chunk_stored_bytes_max);
  if (length < shortest || length > longest) return bad("a range of an odd length");
  RemoteRange range;
  range.at = {static_cast<std::uint32_t>(chunks.start), static_cast<std::uint32_t>(chunks.end),
              bytes.start, bytes.end + 1};
  return range;
}

Result<std::string> url_of(const json::object& from) {
  WAAG_TRY(auto url, theirs(hub::json_required_string(from, "url")));
  if (url.empty() || url.size() > url_bytes_max) return bad("a URL of an odd length");
  return url;
}

/// One entry of version 1: a range and its URL.
Status add_fetch(const json::object& from, std::vector<RemoteRange>& ranges) {
  WAAG_TRY(auto range, range_of(from, "range", "url_range"));
  WAAG_TRY(range.url, url_of(from));
  ranges.push_back(std::move(range));
  return ok();
}

/// One entry of version 2: a URL and the ranges that may be asked of it.
Status add_fetches(const json::object& from, std::vector<RemoteRange>& ranges) {
  WAAG_TRY(const auto url, url_of(from));
  const auto* listed = hub::json_array(from, "ranges");
  if (listed == nullptr) return bad("a xorb without ranges");
  for (const auto& value : *listed) {
    WAAG_TRY(auto range, range_of(value, "chunks", "bytes"));
    range.url = url;
    ranges.push_back(std::move(range));
  }
  return ok();
}

Status read_ranges(const json::object& body, RemotePlan& plan) {
  const auto* listed = body.if_contains("xorbs");
  const bool second = listed != nullptr;
  if (!second) listed = body.if_contains("fetch_info");
  if (listed == nullptr || !listed->is_object()) return bad("nothing says where the xorbs are");
  std::size_t count = 0;
  for (const auto& entry : listed->get_object()) {
    WAAG_TRY(const auto xorb, theirs(parse_xet_string<XorbHash>(entry.key())));
    if (!entry.value().is_array()) return bad("ranges that are no list");
    auto& ranges = plan.ranges[xorb];
    for (const auto& value : entry.value().get_array()) {
      if (!value.is_object()) return bad("a range that is no object");
      WAAG_CHECK(second ? add_fetches(value.get_object(), ranges)
                        : add_fetch(value.get_object(), ranges));
    }
    count += ranges.size();
    if (count > remote_terms_max) return bad("too many ranges");
  }
  return ok();
}

const RemoteRange* find_range(const RemotePlan& plan, const PlanTerm& term) {
  const auto of_xorb = plan.ranges.find(term.xorb);
  if (of_xorb == plan.ranges.end()) return nullptr;
  const RemoteRange* best = nullptr;
  for (const auto& range : of_xorb->second) {
    if (range.at.begin > term.begin || range.at.end < term.end) continue;
    if (best == nullptr || range.at.end - range.at.begin < best->at.end - best->at.begin)
      best = &range;
  }
  return best;
}

}  // namespace

const RemoteRange& RemotePlan::range_of(const PlanTerm& term) const {
  const auto* found = find_range(*this, term);
  assert(found != nullptr);
  return *found;
}

Result<RemotePlan> parse_remote_plan(std::string_view text) {
  WAAG_TRY(const auto body, theirs(hub::parse_json_object(text)));
  RemotePlan plan;
  WAAG_TRY(plan.offset_into_first_range, number(body, "offset_into_first_range"));
  const auto* terms = hub::json_array(body, "terms");
  if (terms == nullptr) return bad("no terms");
  if (terms->size() > remote_terms_max) return bad("too many terms");
  for (const auto& value : *terms) {
    WAAG_TRY(plan.terms.emplace_back(), term_of(value));
  }
  WAAG_CHECK(read_ranges(body, plan));
  for (const auto& term : plan.terms)
    if (find_range(plan, term) == nullptr) return bad("a term that no range holds");
  const auto first = plan.terms.empty() ? 0 : plan.terms.front().raw_bytes;
  if (plan.offset_into_first_range > 0 && plan.offset_into_first_range >= first)
    return bad("its offset is not in its first term");
  return plan;
}

}  // namespace waag::xet
