#include "protocol/xet/reconstruction.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "protocol/hub/json_writer.h"

namespace waag::xet {
namespace {

/// For reserve(): the JSON of a term, and of a fetch range without its URL.
constexpr std::size_t term_json_bytes = 160;
constexpr std::size_t range_json_bytes = 256;

Error bad(const char* what) { return fail(Errc::corrupt, std::string("file terms: ") + what); }

/// Raw bytes before each chunk of a xorb, and of all.
using Offsets = std::vector<std::uint64_t>;

/// The part of a term that is asked for, in whole chunks.
struct Part {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t skipped_bytes = 0;  // of the term, before it
};

class Planner {
 public:
  explicit Planner(const ChunkLengths& lengths) : lengths_(lengths) {}

  /// Takes the chunks that cover bytes `from` to `to` (exclusive) of the term.
  Status add(const FileTerm& term, std::uint64_t from, std::uint64_t to) {
    const bool trimmed = (from > 0 || to < term.bytes) && term.chunks > 1;
    const Offsets* offsets = nullptr;
    if (trimmed || term.first_chunk > 0) {
      WAAG_TRY(offsets, offsets_of(term));
    }
    Part part{term.first_chunk, term.first_chunk + term.chunks, term.bytes, 0};
    if (trimmed) part = trim(*offsets, term, from, to);
    if (plan_.terms.empty()) plan_.offset_into_first_range = from - part.skipped_bytes;
    plan_.terms.push_back(
        {term.xorb, part.begin, part.end, static_cast<std::uint32_t>(part.raw_bytes)});
    const std::uint64_t raw_begin = offsets == nullptr ? 0 : (*offsets)[part.begin];
    const std::uint64_t wire_begin = raw_begin + chunk_header_bytes * part.begin;
    const std::uint64_t wire_bytes =
        part.raw_bytes + chunk_header_bytes * std::uint64_t{part.end - part.begin};
    fetch_of(term.xorb).push_back({part.begin, part.end, wire_begin, wire_begin + wire_bytes});
    return ok();
  }

  Plan finish() {
    for (auto& fetch : plan_.xorbs) merge(fetch.ranges);
    return std::move(plan_);
  }

 private:
  Result<const Offsets*> offsets_of(const FileTerm& term) {
    const auto [known, is_new] = offsets_.try_emplace(term.xorb);
    auto& offsets = known->second;
    if (is_new) {
      WAAG_TRY(const auto lengths, lengths_(term.xorb));
      offsets.reserve(lengths.size() + 1);
      offsets.push_back(0);
      for (const auto length : lengths) offsets.push_back(offsets.back() + length);
    }
    const std::size_t end = std::size_t{term.first_chunk} + term.chunks;
    if (end >= offsets.size()) return bad("chunks that their xorb lacks");
    if (offsets[end] - offsets[term.first_chunk] != term.bytes) return bad("lengths of chunks");
    return &offsets;
  }

  static Part trim(const Offsets& offsets, const FileTerm& term, std::uint64_t from,
                   std::uint64_t to) {
    const auto at = [&](std::size_t chunk) {
      return offsets.begin() + static_cast<std::ptrdiff_t>(chunk);
    };
    const auto first = at(term.first_chunk);
    const auto last = at(term.first_chunk + term.chunks);
    // The last chunk that begins at or before `from`, and the first end at or after `to`.
    const auto begin = std::upper_bound(first, last, *first + from) - 1;
    const auto end = std::lower_bound(begin + 1, last, *first + to);
    return {static_cast<std::uint32_t>(begin - offsets.begin()),
            static_cast<std::uint32_t>(end - offsets.begin()), *end - *begin, *begin - *first};
  }

  std::vector<FetchRange>& fetch_of(const XorbHash& xorb) {
    const auto [known, is_new] = index_.try_emplace(xorb, plan_.xorbs.size());
    if (is_new) plan_.xorbs.push_back({xorb, {}});
    return plan_.xorbs[known->second].ranges;
  }

  static void merge(std::vector<FetchRange>& ranges) {
    std::ranges::sort(ranges, {}, &FetchRange::begin);
    std::size_t kept = 0;
    for (const auto& range : ranges) {
      if (kept == 0 || range.begin > ranges[kept - 1].end) {
        ranges[kept++] = range;
        continue;
      }
      auto& open = ranges[kept - 1];
      open.end = std::max(open.end, range.end);
      open.wire_end = std::max(open.wire_end, range.wire_end);
    }
    ranges.resize(kept);
  }

  const ChunkLengths& lengths_;
  Plan plan_;
  std::unordered_map<XorbHash, std::size_t> index_;  // into plan_.xorbs
  std::unordered_map<XorbHash, Offsets> offsets_;
};

/// Our own rows say what a term may be; its length goes out as u32.
Status check_terms(std::span<const FileTerm> terms, std::uint64_t file_bytes) {
  std::uint64_t sum = 0;
  for (const auto& term : terms) {
    if (term.chunks == 0 || term.chunks > xorb_chunks_max ||
        term.first_chunk > xorb_chunks_max - term.chunks)
      return bad("chunk range");
    if (term.bytes < term.chunks || term.bytes > xorb_raw_bytes_max) return bad("bytes of a term");
    sum += term.bytes;
  }
  return sum == file_bytes ? ok() : bad("sum of bytes");
}

void write_range(hub::JsonWriter& json, std::string_view name, std::uint64_t start,
                 std::uint64_t end) {
  json.key(name).begin_object().field("start", start).field("end", end).end_object();
}

void write_terms(const Plan& plan, hub::JsonWriter& json) {
  json.begin_array();
  for (const auto& term : plan.terms) {
    json.begin_object().field("hash", xet_string(term.xorb));
    json.field("unpacked_length", term.raw_bytes);
    write_range(json, "range", term.begin, term.end);
    json.end_object();
  }
  json.end_array();
}

/// What both versions begin with; leaves the outer object open.
void write_head(const Plan& plan, hub::JsonWriter& json) {
  json.reserve(plan.terms.size() * term_json_bytes + plan.xorbs.size() * range_json_bytes);
  json.begin_object().field("offset_into_first_range", plan.offset_into_first_range);
  json.key("terms");
  write_terms(plan, json);
}

/// The elements of a xorb's array, each with a URL of its own.
void write_fetches(const XorbFetch& fetch, const FetchUrl& url, hub::JsonWriter& json) {
  for (const auto& range : fetch.ranges) {
    json.begin_object();
    write_range(json, "range", range.begin, range.end);
    json.field("url", url(fetch.xorb, {&range, 1}));
    write_range(json, "url_range", range.wire_begin, range.wire_end - 1);
    json.end_object();
  }
}

}  // namespace

Result<std::optional<http::ByteRange>> parse_reconstruction_range(std::string_view header,
                                                                  std::uint64_t file_bytes) {
  // An empty file is read as if it had one byte, to tell a range from 0 from one beyond.
  const std::uint64_t total_bytes = std::max<std::uint64_t>(file_bytes, 1);
  WAAG_TRY(const auto ranges, http::parse_byte_ranges(header, total_bytes, /*ranges_max=*/1));
  if (file_bytes == 0) return std::optional<http::ByteRange>{};
  return std::optional(ranges.front());
}

Result<Plan> plan_reconstruction(std::span<const FileTerm> terms, std::uint64_t file_bytes,
                                 const std::optional<http::ByteRange>& range,
                                 const ChunkLengths& lengths) {
  WAAG_CHECK(check_terms(terms, file_bytes));
  if (range && range->first > range->last)
    return fail(Errc::invalid_argument, "range: ends before it starts");
  if (range && range->first >= file_bytes)
    return fail(Errc::range_not_satisfiable, "range starts after the end");
  const std::uint64_t from = range ? range->first : 0;
  const std::uint64_t to = range ? std::min(range->last, file_bytes - 1) + 1 : file_bytes;
  Planner planner(lengths);
  std::uint64_t begin = 0;  // of the term in the file
  for (const auto& term : terms) {
    if (begin >= to) break;
    const std::uint64_t end = begin + term.bytes;
    if (end > from)
      WAAG_CHECK(planner.add(term, std::max(from, begin) - begin, std::min(to, end) - begin));
    begin = end;
  }
  return planner.finish();
}

std::string plan_json_v1(const Plan& plan, const FetchUrl& url) {
  hub::JsonWriter json;
  write_head(plan, json);
  json.key("fetch_info").begin_object();
  for (const auto& fetch : plan.xorbs) {
    json.key(xet_string(fetch.xorb)).begin_array();
    write_fetches(fetch, url, json);
    json.end_array();
  }
  json.end_object().end_object();
  return json.take();
}

std::string plan_json_v2(const Plan& plan, const FetchUrl& url, std::size_t url_ranges_max) {
  hub::JsonWriter json;
  write_head(plan, json);
  json.key("xorbs").begin_object();
  for (const auto& [xorb, ranges] : plan.xorbs) {
    json.key(xet_string(xorb)).begin_array();
    std::span<const FetchRange> rest = ranges;
    while (!rest.empty()) {
      const auto now = rest.first(std::min(rest.size(), url_ranges_max));
      rest = rest.subspan(now.size());
      json.begin_object().field("url", url(xorb, now)).key("ranges").begin_array();
      for (const auto& range : now) {
        json.begin_object();
        write_range(json, "chunks", range.begin, range.end);
        write_range(json, "bytes", range.wire_begin, range.wire_end - 1);
        json.end_object();
      }
      json.end_array().end_object();
    }
    json.end_array();
  }
  json.end_object().end_object();
  return json.take();
}

std::string plans_json(std::span<const FilePlan> plans, const FetchUrl& url) {
  hub::JsonWriter json;
  json.begin_object().key("files").begin_object();
  std::map<XorbHash, std::vector<const XorbFetch*>> xorbs;
  for (const auto& [file, plan] : plans) {
    json.key(xet_string(file));
    write_terms(plan, json);
    for (const auto& fetch : plan.xorbs) xorbs[fetch.xorb].push_back(&fetch);
  }
  json.end_object().key("fetch_info").begin_object();
  for (const auto& [xorb, fetches] : xorbs) {
    json.key(xet_string(xorb)).begin_array();
    for (const auto* fetch : fetches) write_fetches(*fetch, url, json);
    json.end_array();
  }
  json.end_object().end_object();
  return json.take();
}

}  // namespace waag::xet
