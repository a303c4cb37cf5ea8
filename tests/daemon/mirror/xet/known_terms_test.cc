#include "daemon/mirror/xet/known_terms.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

XorbHash xorb(char of) {
  XorbHash made;
  made.bytes.fill(static_cast<std::byte>(of));
  return made;
}

storage::XorbChunk chunk(char of, std::uint32_t bytes) {
  storage::XorbChunk made;
  made.hash.bytes.fill(static_cast<std::byte>(of));
  made.raw_bytes = bytes;
  return made;
}

/// Four neighbours, from byte 100 of a file on.
const storage::FileChunks file{100,
                               {chunk('a', 10), chunk('b', 20), chunk('c', 30), chunk('d', 40)}};

}  // namespace

TEST_CASE("known_terms: chunks stand where terms say", "[mirror][known_terms]") {
  const std::vector<xet::PlanTerm> terms{{xorb('x'), 7, 9, 30}, {xorb('y'), 0, 2, 70}};
  const auto found = chunks_of_terms(file, 100, terms);
  CHECK(found.size() == 2);
  CHECK(found.at(xorb('x')) == storage::SeenXorb{{7, chunk('a', 10)}, {8, chunk('b', 20)}});
  CHECK(found.at(xorb('y')) == storage::SeenXorb{{0, chunk('c', 30)}, {1, chunk('d', 40)}});
}

TEST_CASE("known_terms: one xorb in several terms, from the middle of what is known",
          "[mirror][known_terms]") {
  const std::vector<xet::PlanTerm> terms{{xorb('x'), 5, 6, 20}, {xorb('x'), 1, 2, 30}};
  const auto found = chunks_of_terms(file, 110, terms);
  CHECK(found.size() == 1);
  CHECK(found.at(xorb('x')) == storage::SeenXorb{{5, chunk('b', 20)}, {1, chunk('c', 30)}});
}

TEST_CASE("known_terms: what does not fit is left out, not its neighbours",
          "[mirror][known_terms]") {
  const xet::PlanTerm good{xorb('y'), 3, 4, 40};
  SECTION("other borders") {
    const auto found = chunks_of_terms(
        file, 100, std::vector<xet::PlanTerm>{{xorb('x'), 0, 2, 29}, {xorb('x'), 2, 3, 31}, good});
    CHECK(found.size() == 1);
    CHECK(found.at(xorb('y')) == storage::SeenXorb{{3, chunk('d', 40)}});
  }
  SECTION("another number of chunks") {
    const auto found =
        chunks_of_terms(file, 100, std::vector<xet::PlanTerm>{{xorb('x'), 0, 2, 60}, good});
    CHECK(found.size() == 1);
    CHECK(found.contains(xorb('y')));
  }
  SECTION("before and behind what is known") {
    CHECK(chunks_of_terms(file, 90, std::vector<xet::PlanTerm>{{xorb('x'), 0, 2, 20}}).empty());
    CHECK(chunks_of_terms(file, 160, std::vector<xet::PlanTerm>{{xorb('x'), 0, 2, 80}}).empty());
    CHECK(chunks_of_terms(file, 500, std::vector<xet::PlanTerm>{good}).empty());
    CHECK(chunks_of_terms({}, 0, std::vector<xet::PlanTerm>{good}).empty());
  }
}

}  // namespace waag::daemon
