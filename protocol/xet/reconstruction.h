#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/http/byte_range.h"
#include "protocol/xet/xorb.h"

// Answers to "which bytes of which xorbs make up this file, or this part of it". A client asks for
// a range of a file and gets the terms that cover it, in whole chunks, and for each xorb the ranges
// to fetch. Byte ranges are those of the form in which we hand xorbs out: every chunk plain, behind
// a header of 8 bytes. Source: XET 5.2; xet-core, simulation/xorb_utils.rs,
// compute_reconstruction_ranges.

namespace waag::xet {

/// A part of a file, as stored: `chunks` chunks of a xorb from `first_chunk` on.
struct FileTerm {
  XorbHash xorb;
  std::uint32_t first_chunk = 0;
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;
};

/// Raw lengths of all chunks of a xorb.
using ChunkLengths = std::function<Result<std::vector<std::uint32_t>>(const XorbHash&)>;

/// Chunks `begin` to `end` (exclusive).
struct PlanTerm {
  XorbHash xorb;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t raw_bytes = 0;

  bool operator==(const PlanTerm&) const = default;
};

/// Chunks, and where they lie in the xorb as we hand it out; both ends exclusive (in JSON that of
/// bytes is inclusive).
struct FetchRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint64_t wire_begin = 0;
  std::uint64_t wire_end = 0;

  bool operator==(const FetchRange&) const = default;
};

/// Rising, and neither overlapping nor adjacent.
struct XorbFetch {
  XorbHash xorb;
  std::vector<FetchRange> ranges;

  bool operator==(const XorbFetch&) const = default;
};

struct Plan {
  std::uint64_t offset_into_first_range = 0;  // bytes to skip of the first term
  std::vector<PlanTerm> terms;
  std::vector<XorbFetch> xorbs;  // each once, in the order in which the terms first name them
};

/// The Range header of a reconstruction: "bytes=0-1023", "bytes=5-", "bytes=-500"; clients ask far
/// beyond the end, up to 2^64-2.
/// @return the range, clamped to the file; nullopt if the file is empty and the range begins at 0,
///         which asks for all of it; Errc::range_not_satisfiable if it begins at or after the end
///         (to clients the sign that the file is read); Errc::invalid_argument if it is malformed
Result<std::optional<http::ByteRange>> parse_reconstruction_range(std::string_view header,
                                                                  std::uint64_t file_bytes);

/// Plans the whole file, or the chunks that cover `range`.
///
/// @param lengths  asked at most once a xorb, and not for a whole term that begins at chunk 0
/// @return Errc::range_not_satisfiable if the range begins after the end; Errc::corrupt if terms,
///         lengths and file_bytes disagree; what `lengths` returned
Result<Plan> plan_reconstruction(std::span<const FileTerm> terms, std::uint64_t file_bytes,
                                 const std::optional<http::ByteRange>& range,
                                 const ChunkLengths& lengths);

/// The URL under which ranges of a xorb are to be had: one range in version 1, several in
/// version 2.
using FetchUrl = std::function<std::string(const XorbHash&, std::span<const FetchRange>)>;

/// The answer's body: version 1 with "fetch_info", version 2 with "xorbs".
/// @param url_ranges_max  a xorb of more ranges gets several URLs; URLs have a longest length
std::string plan_json_v1(const Plan& plan, const FetchUrl& url);
std::string plan_json_v2(const Plan& plan, const FetchUrl& url, std::size_t url_ranges_max);

struct FilePlan {
  FileHash file;
  Plan plan;  // of the whole file
};

/// The answer for several files at once, in the form of version 1: {"files": {hash: terms},
/// "fetch_info": …}. Files may share xorbs. Source: xet-core, cas_types,
/// BatchQueryReconstructionResponse.
std::string plans_json(std::span<const FilePlan> plans, const FetchUrl& url);

}  // namespace waag::xet
