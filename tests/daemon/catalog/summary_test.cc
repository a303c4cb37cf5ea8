#include "daemon/catalog/summary.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

Summary sample() {
  Summary summary;
  summary.commit = *CommitId::parse("0123456789012345678901234567890123456789");
  summary.modified = storage::TimeMs(1'700'000'000'000);
  summary.files_bytes = 1ull << 40;
  summary.regular_bytes = 1ull << 20;
  summary.parameters = 7'000'000'000;
  summary.about.tags = {"a", "license:mit"};
  summary.about.card_json = R"({"license":"mit"})";
  summary.about.models = {"a/b"};
  summary.gguf_json = "{}";
  return summary;
}

}  // namespace

TEST_CASE("summary: round trip", "[daemon][catalog]") {
  const auto summary = sample();
  CHECK(*decode_summary(encode(summary)) == summary);
  CHECK(*decode_summary(encode(Summary{})) == Summary{});
  CHECK(summary.weight() > sizeof(Summary) + summary.about.card_json.size());
}

TEST_CASE("summary: what is refused", "[daemon][catalog]") {
  const auto value = encode(sample());
  for (std::size_t cut = 0; cut < value.size(); ++cut)
    CHECK_FALSE(decode_summary(value.substr(0, cut)));
  CHECK_FALSE(decode_summary(value + "x"));
  CHECK_FALSE(decode_summary("\x7f" + value.substr(1)));
  CHECK(is_row_of(value, sample().commit));
  CHECK_FALSE(is_row_of(value, CommitId{}));
  CHECK_FALSE(is_row_of(value.substr(0, 20), sample().commit));
  CHECK_FALSE(is_row_of("\x7f" + value.substr(1), sample().commit));
}
