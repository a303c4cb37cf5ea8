#include "protocol/xet/reconstruction.h"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "tests/vectors/split_mix.h"

using namespace waag;
using namespace waag::xet;
using waag::http::ByteRange;
using waag::test::SplitMix;

namespace {

XorbHash named(std::uint8_t name) {
  XorbHash hash;
  hash.bytes.fill(static_cast<std::byte>(name));
  return hash;
}

/// Xorbs by name, and how often the lengths of each were asked for.
class Lengths {
 public:
  std::map<XorbHash, std::vector<std::uint32_t>> xorbs;
  std::map<XorbHash, int> asked;

  ChunkLengths function() {
    return [this](const XorbHash& xorb) -> Result<std::vector<std::uint32_t>> {
      ++asked[xorb];
      const auto found = xorbs.find(xorb);
      if (found == xorbs.end()) return fail(Errc::not_found, "no such xorb");
      return found->second;
    };
  }
  [[nodiscard]] FileTerm term(const XorbHash& xorb, std::uint32_t first,
                              std::uint32_t chunks) const {
    FileTerm term{xorb, first, chunks, 0};
    for (std::uint32_t i = first; i < first + chunks; ++i) term.bytes += xorbs.at(xorb).at(i);
    return term;
  }
};

/// Some small xorbs and a file over them.
struct Sample {
  Lengths lengths;
  std::vector<FileTerm> terms;
  std::uint64_t file_bytes = 0;
};

Sample random_sample(SplitMix& random) {
  Sample sample;
  const auto xorbs = 1 + random.below(4);
  for (std::uint64_t xorb = 0; xorb < xorbs; ++xorb) {
    auto& lengths = sample.lengths.xorbs[named(static_cast<std::uint8_t>(xorb))];
    for (auto chunks = 1 + random.below(12); chunks > 0; --chunks)
      lengths.push_back(static_cast<std::uint32_t>(1 + random.below(9)));
  }
  for (auto terms = 1 + random.below(8); terms > 0; --terms) {
    const auto xorb = named(static_cast<std::uint8_t>(random.below(xorbs)));
    const auto count = static_cast<std::uint32_t>(sample.lengths.xorbs[xorb].size());
    const auto first = static_cast<std::uint32_t>(random.below(count));
    const auto chunks = static_cast<std::uint32_t>(1 + random.below(count - first));
    sample.terms.push_back(sample.lengths.term(xorb, first, chunks));
    sample.file_bytes += sample.terms.back().bytes;
  }
  return sample;
}

/// One byte of a file: where it stands in its xorb.
struct Place {
  XorbHash xorb;
  std::uint32_t chunk = 0;
  std::uint32_t offset = 0;

  auto operator<=>(const Place&) const = default;
};

std::vector<Place> places(const Lengths& lengths, const XorbHash& xorb, std::uint32_t begin,
                          std::uint32_t end) {
  std::vector<Place> out;
  for (std::uint32_t chunk = begin; chunk < end; ++chunk)
    for (std::uint32_t i = 0; i < lengths.xorbs.at(xorb).at(chunk); ++i)
      out.push_back({xorb, chunk, i});
  return out;
}

void append(const std::vector<Place>& more, std::vector<Place>& out) {
  out.insert(out.end(), more.begin(), more.end());
}

/// The plan by a walk over chunks: those that hold a byte of the range, cut where a term ends.
std::vector<PlanTerm> naive_terms(const Sample& sample, const ByteRange& range) {
  std::vector<PlanTerm> out;
  std::uint64_t at = 0;
  for (const auto& term : sample.terms) {
    bool open = false;
    for (std::uint32_t i = term.first_chunk; i < term.first_chunk + term.chunks; ++i) {
      const auto bytes = sample.lengths.xorbs.at(term.xorb).at(i);
      const bool wanted = at + bytes > range.first && at <= range.last;
      at += bytes;
      if (!wanted) continue;
      if (!open) out.push_back({term.xorb, i, i, 0});
      open = true;
      out.back().end = i + 1;
      out.back().raw_bytes += bytes;
    }
  }
  return out;
}

std::uint64_t wire_offset(const Lengths& lengths, const XorbHash& xorb, std::uint32_t chunk) {
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < chunk; ++i) bytes += wire_chunk_bytes(lengths.xorbs.at(xorb).at(i));
  return bytes;
}

/// Exactly the terms' chunks, in runs with a gap between them, at their places in the xorb.
void check_fetches(const Sample& sample, const Plan& plan) {
  std::set<std::pair<XorbHash, std::uint32_t>> needed, fetched;
  for (const auto& term : plan.terms)
    for (auto chunk = term.begin; chunk < term.end; ++chunk) needed.insert({term.xorb, chunk});
  std::set<XorbHash> xorbs;
  for (const auto& [xorb, ranges] : plan.xorbs) {
    CHECK(xorbs.insert(xorb).second);
    REQUIRE_FALSE(ranges.empty());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      CHECK(ranges[i].begin < ranges[i].end);
      if (i > 0) CHECK(ranges[i].begin > ranges[i - 1].end);
      CHECK(ranges[i].wire_begin == wire_offset(sample.lengths, xorb, ranges[i].begin));
      CHECK(ranges[i].wire_end == wire_offset(sample.lengths, xorb, ranges[i].end));
      for (auto chunk = ranges[i].begin; chunk < ranges[i].end; ++chunk)
        fetched.insert({xorb, chunk});
    }
  }
  CHECK(fetched == needed);
}

std::string test_url(const XorbHash& xorb, std::span<const FetchRange> ranges) {
  return "http://hub/" + xet_string(xorb).substr(0, 2) + "?n=" + std::to_string(ranges.size()) +
         "&a=" + std::to_string(ranges.front().begin);
}

}  // namespace

TEST_CASE("reconstruction: any range of any file", "[protocol][xet][reconstruction]") {
  SplitMix random(21);
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    Sample sample = random_sample(random);
    std::vector<Place> file;
    for (const auto& term : sample.terms)
      append(places(sample.lengths, term.xorb, term.first_chunk, term.first_chunk + term.chunks),
             file);
    REQUIRE(file.size() == sample.file_bytes);
    const auto first = random.below(sample.file_bytes);
    const ByteRange range{first, first + random.below(sample.file_bytes - first)};

    sample.lengths.asked.clear();
    const auto plan =
        plan_reconstruction(sample.terms, sample.file_bytes, range, sample.lengths.function());
    REQUIRE(plan);
    CHECK(plan->terms == naive_terms(sample, range));
    check_fetches(sample, *plan);
    for (const auto& [xorb, times] : sample.lengths.asked) CHECK(times == 1);

    // What a client does: joins the terms' chunks, skips the offset, cuts the tail.
    std::vector<Place> joined;
    for (const auto& term : plan->terms)
      append(places(sample.lengths, term.xorb, term.begin, term.end), joined);
    REQUIRE(joined.size() >= plan->offset_into_first_range + range.size_bytes());
    const auto got = std::span(joined).subspan(plan->offset_into_first_range, range.size_bytes());
    CHECK(std::ranges::equal(got, std::span(file).subspan(range.first, range.size_bytes())));
  }
}

TEST_CASE("reconstruction: a whole file", "[protocol][xet][reconstruction]") {
  SplitMix random(22);
  for (int round = 0; round < 300; ++round) {
    Sample sample = random_sample(random);
    const auto plan = plan_reconstruction(sample.terms, sample.file_bytes, std::nullopt,
                                          sample.lengths.function());
    REQUIRE(plan);
    CHECK(plan->offset_into_first_range == 0);
    CHECK(plan->terms == naive_terms(sample, {0, sample.file_bytes - 1}));
    check_fetches(sample, *plan);
  }
}

TEST_CASE("reconstruction: lengths are asked only where needed",
          "[protocol][xet][reconstruction]") {
  Lengths lengths;
  lengths.xorbs[named(1)] = {10, 20, 30};
  lengths.xorbs[named(2)] = {5, 5};
  lengths.xorbs[named(3)] = {7};
  const std::vector<FileTerm> terms{lengths.term(named(1), 0, 2), lengths.term(named(2), 0, 2),
                                    lengths.term(named(3), 0, 1)};
  const auto asked = [&](const std::optional<ByteRange>& range) {
    lengths.asked.clear();
    REQUIRE(plan_reconstruction(terms, 47, range, lengths.function()));
    std::set<XorbHash> names;
    for (const auto& [xorb, times] : lengths.asked) names.insert(xorb);
    return names;
  };
  CHECK(asked(std::nullopt).empty());
  CHECK(asked(ByteRange{0, 46}).empty());
  CHECK(asked(ByteRange{0, 29}).empty());
  CHECK(asked(ByteRange{1, 46}) == std::set{named(1)});
  CHECK(asked(ByteRange{0, 35}) == std::set{named(2)});
  CHECK(asked(ByteRange{41, 42}).empty());  // one chunk cannot be trimmed
}

TEST_CASE("reconstruction: an empty file", "[protocol][xet][reconstruction]") {
  Lengths lengths;
  const auto plan = plan_reconstruction({}, 0, std::nullopt, lengths.function());
  REQUIRE(plan);
  CHECK(plan->terms.empty());
  CHECK(plan_json_v1(*plan, test_url) ==
        R"({"offset_into_first_range":0,"terms":[],"fetch_info":{}})");
  CHECK(plan_json_v2(*plan, test_url, 256) ==
        R"({"offset_into_first_range":0,"terms":[],"xorbs":{}})");
}

TEST_CASE("reconstruction: what is refused", "[protocol][xet][reconstruction]") {
  Lengths lengths;
  lengths.xorbs[named(1)] = {10, 20, 30};
  const auto code = [&](const FileTerm& term, std::uint64_t file_bytes,
                        const std::optional<ByteRange>& range = {}) {
    const auto plan = plan_reconstruction({&term, 1}, file_bytes, range, lengths.function());
    return plan ? std::optional<Errc>{} : plan.error().code;
  };
  CHECK_FALSE(code({named(1), 1, 2, 50}, 50));
  CHECK(code({named(1), 1, 2, 50}, 51) == Errc::corrupt);
  CHECK(code({named(1), 1, 2, 51}, 51) == Errc::corrupt);
  CHECK(code({named(1), 1, 3, 60}, 60) == Errc::corrupt);
  CHECK(code({named(1), 0, 0, 0}, 0) == Errc::corrupt);
  CHECK(code({named(1), 0, 8193, 10'000}, 10'000) == Errc::corrupt);
  CHECK(code({named(1), 0xffffffff, 2, 50}, 50) == Errc::corrupt);
  CHECK(code({named(1), 0, 1000, std::uint64_t{1} << 32}, std::uint64_t{1} << 32) == Errc::corrupt);
  CHECK(code({named(2), 1, 2, 50}, 50) == Errc::not_found);
  CHECK(code({named(1), 1, 2, 50}, 50, ByteRange{50, 60}) == Errc::range_not_satisfiable);
  CHECK(code({named(1), 1, 2, 50}, 50, ByteRange{9, 8}) == Errc::invalid_argument);
  CHECK_FALSE(code({named(1), 1, 2, 50}, 50, ByteRange{49, 18446744073709551614u}));
}

TEST_CASE("reconstruction: the Range header", "[protocol][xet][reconstruction]") {
  CHECK(*parse_reconstruction_range("bytes=0-9", 100) == ByteRange{0, 9});
  CHECK(*parse_reconstruction_range("bytes=5-18446744073709551614", 100) == ByteRange{5, 99});
  CHECK(*parse_reconstruction_range("bytes=5-", 100) == ByteRange{5, 99});
  CHECK(*parse_reconstruction_range("bytes=-7", 100) == ByteRange{93, 99});
  CHECK(*parse_reconstruction_range("bytes=-700", 100) == ByteRange{0, 99});
  const auto code = [](const char* header, std::uint64_t file_bytes) {
    const auto range = parse_reconstruction_range(header, file_bytes);
    return range ? std::optional<Errc>{} : range.error().code;
  };
  CHECK(code("bytes=100-", 100) == Errc::range_not_satisfiable);
  CHECK(code("bytes=100-200", 100) == Errc::range_not_satisfiable);
  CHECK(code("bytes=-0", 100) == Errc::range_not_satisfiable);
  for (const auto* header : {"", "bytes", "bytes=", "bytes=3-2", "bytes=0-1,2-3", "bytes=a-b"})
    CHECK(code(header, 100) == Errc::invalid_argument);
  // Of an empty file a range from 0 is all there is; behind it there is an end to be found.
  for (const auto* header : {"bytes=0-", "bytes=0-99", "bytes=-5"})
    CHECK(*parse_reconstruction_range(header, 0) == std::nullopt);
  CHECK(code("bytes=1-", 0) == Errc::range_not_satisfiable);
  CHECK(code("bytes=x", 0) == Errc::invalid_argument);
}

TEST_CASE("reconstruction: both forms of JSON", "[protocol][xet][reconstruction]") {
  Lengths lengths;
  lengths.xorbs[named(0xAA)] = {10, 20, 30, 40, 50};
  lengths.xorbs[named(0xBB)] = {7, 8};
  const std::vector<FileTerm> terms{lengths.term(named(0xAA), 0, 2),
                                    lengths.term(named(0xBB), 0, 2),
                                    lengths.term(named(0xAA), 3, 1)};
  const auto plan = plan_reconstruction(terms, 85, ByteRange{12, 80}, lengths.function());
  REQUIRE(plan);
  const std::string a = xet_string(named(0xAA)), b = xet_string(named(0xBB));
  const auto term = [](const std::string& xorb, int bytes, const std::string& range) {
    return R"({"hash":")" + xorb + R"(","unpacked_length":)" + std::to_string(bytes) +
           R"(,"range":)" + range + "}";
  };
  const auto from_to = [](int start, int end) {
    return R"({"start":)" + std::to_string(start) + R"(,"end":)" + std::to_string(end) + "}";
  };
  const std::string head = R"({"offset_into_first_range":2,"terms":[)" +
                           term(a, 20, from_to(1, 2)) + "," + term(b, 15, from_to(0, 2)) + "," +
                           term(a, 40, from_to(3, 4)) + "],";
  const auto fetch = [](const std::string& chunks, const char* url, const std::string& bytes) {
    return R"({"range":)" + chunks + R"(,"url":")" + url + R"(","url_range":)" + bytes + "}";
  };
  CHECK(plan_json_v1(*plan, test_url) ==
        head + R"("fetch_info":{")" + a + R"(":[)" +
            fetch(from_to(1, 2), "http://hub/aa?n=1&a=1", from_to(18, 45)) + "," +
            fetch(from_to(3, 4), "http://hub/aa?n=1&a=3", from_to(84, 131)) + R"(],")" + b +
            R"(":[)" + fetch(from_to(0, 2), "http://hub/bb?n=1&a=0", from_to(0, 30)) + "]}}");
  const auto part = [](const std::string& chunks, const std::string& bytes) {
    return R"({"chunks":)" + chunks + R"(,"bytes":)" + bytes + "}";
  };
  CHECK(plan_json_v2(*plan, test_url, 256) ==
        head + R"("xorbs":{")" + a + R"(":[{"url":"http://hub/aa?n=2&a=1","ranges":[)" +
            part(from_to(1, 2), from_to(18, 45)) + "," + part(from_to(3, 4), from_to(84, 131)) +
            R"(]}],")" + b + R"(":[{"url":"http://hub/bb?n=1&a=0","ranges":[)" +
            part(from_to(0, 2), from_to(0, 30)) + "]}]}}");
}

TEST_CASE("reconstruction: a URL is for so many ranges at most",
          "[protocol][xet][reconstruction]") {
  Plan plan;
  plan.xorbs = {{named(0xAA), {{0, 1, 0, 18}, {2, 3, 30, 48}, {4, 5, 60, 78}}}};
  const auto json = plan_json_v2(plan, test_url, /*url_ranges_max=*/2);
  CHECK(json.find(R"({"url":"http://hub/aa?n=2&a=0","ranges":[{"chunks":{"start":0,"end":1})") !=
        std::string::npos);
  CHECK(json.find(R"(]},{"url":"http://hub/aa?n=1&a=4","ranges":[{"chunks":{"start":4,"end":5})") !=
        std::string::npos);
}

TEST_CASE("reconstruction: several files in one answer", "[protocol][xet][reconstruction]") {
  FilePlan one, two;
  one.file.bytes.fill(std::byte{1});
  two.file.bytes.fill(std::byte{2});
  one.plan.terms = {{named(0xAA), 0, 1, 10}};
  one.plan.xorbs = {{named(0xAA), {{0, 1, 0, 18}}}};
  two.plan.terms = {{named(0xAA), 4, 5, 10}};
  two.plan.xorbs = {{named(0xAA), {{4, 5, 60, 78}}}};
  const std::string a = xet_string(named(0xAA));
  const auto term = [&](const char* range) {
    return R"([{"hash":")" + a + R"(","unpacked_length":10,"range":)" + range + "}]";
  };
  CHECK(plans_json(std::vector{one, two}, test_url) ==
        R"({"files":{")" + xet_string(one.file) + R"(":)" + term(R"({"start":0,"end":1})") +
            R"(,")" + xet_string(two.file) + R"(":)" + term(R"({"start":4,"end":5})") +
            R"(},"fetch_info":{")" + a +
            R"(":[{"range":{"start":0,"end":1},"url":"http://hub/aa?n=1&a=0",)"
            R"("url_range":{"start":0,"end":17}},{"range":{"start":4,"end":5},)"
            R"("url":"http://hub/aa?n=1&a=4","url_range":{"start":60,"end":77}}]}})");
  CHECK(plans_json({}, test_url) == R"({"files":{},"fetch_info":{}})");
}
