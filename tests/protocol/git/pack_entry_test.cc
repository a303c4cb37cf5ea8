#include "protocol/git/pack_entry.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::git;

namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

std::string applied(std::string_view base, std::initializer_list<int> delta) {
  const auto made = apply_delta(as_bytes(base), bytes_of(delta), 1000);
  if (!made) FAIL(made.error().what);
  return std::string(as_text(*made));
}

}  // namespace

TEST_CASE("pack_entry: the pack's head", "[protocol][git]") {
  const auto head = pack_head(0x01020304);
  CHECK(head == std::string("PACK\0\0\0\2\1\2\3\4", 12));
  CHECK(*parse_pack_head(as_bytes(head)) == 0x01020304);
  for (const auto& bad : {std::string("PACK\0\0\0\4\0\0\0\0", 12),
                          std::string("PACX") + head.substr(4), head.substr(1)})
    CHECK_FALSE(parse_pack_head(as_bytes(bad)));
}

TEST_CASE("pack_entry: heads of whole objects", "[protocol][git]") {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{16}, std::uint64_t{2047},
        std::uint64_t{2048}, std::uint64_t{1} << 33, ~std::uint64_t{0}}) {
    std::string text;
    append_entry_head(text, ObjectKind::tree, size);
    CAPTURE(size);
    const auto head = parse_entry_head(as_bytes(text + "more"));
    REQUIRE((head && *head));
    CHECK((*head)->kind == EntryKind::tree);
    CHECK((*head)->size_bytes == size);
    CHECK((*head)->head_bytes == text.size());
    CHECK_FALSE((*head)->is_delta());
    const auto cut = parse_entry_head(as_bytes(text).first(text.size() - 1));
    REQUIRE(cut);
    CHECK_FALSE(*cut);
  }
}

TEST_CASE("pack_entry: heads of deltas", "[protocol][git]") {
  const auto near = parse_entry_head(bytes_of({0x65, 0x7f}));
  REQUIRE((near && *near));
  CHECK((*near)->kind == EntryKind::offset_delta);
  CHECK((*near)->base_distance == 127);
  const auto far = parse_entry_head(bytes_of({0x65, 0x80, 0x00}));
  REQUIRE((far && *far));
  CHECK((*far)->base_distance == 128);
  auto by_id = bytes_of({0x75});
  by_id.resize(21, std::byte{0xab});
  const auto named = parse_entry_head(by_id);
  REQUIRE((named && *named));
  CHECK(as_text((*named)->base_id.view()) == std::string(20, '\xab'));
  CHECK((*named)->head_bytes == 21);
  by_id.pop_back();
  CHECK_FALSE(*parse_entry_head(by_id));
}

TEST_CASE("pack_entry: heads that are refused", "[protocol][git]") {
  CHECK_FALSE(parse_entry_head(bytes_of({0x00})));        // kind 0
  CHECK_FALSE(parse_entry_head(bytes_of({0x50})));        // kind 5
  CHECK_FALSE(parse_entry_head(bytes_of({0x60, 0x00})));  // delta of itself
  Bytes endless(30, std::byte{0xff});
  endless[0] = std::byte{0xb0};
  CHECK_FALSE(parse_entry_head(endless));
  endless[0] = std::byte{0x60};
  CHECK_FALSE(parse_entry_head(endless));
}

TEST_CASE("pack_entry: deltas", "[protocol][git]") {
  // Copy 3 bytes from 2, insert "xy", copy 2 bytes from 0.
  CHECK(applied("abcdefgh", {8, 7, 0x91, 2, 3, 2, 'x', 'y', 0x90, 2}) == "cdexyab");
  CHECK(applied("", {0, 1, 1, 'q'}) == "q");
  CHECK(applied("abc", {3, 0}).empty());
  const std::string large(0x10000, 'L');  // a copy of size 0 is one of 0x10000
  const auto whole =
      apply_delta(as_bytes(large), bytes_of({0x80, 0x80, 4, 0x80, 0x80, 4, 0x80}), 1 << 20);
  REQUIRE(whole);
  CHECK(as_text(*whole) == large);
}

TEST_CASE("pack_entry: deltas that are refused", "[protocol][git]") {
  const auto refused = [](std::initializer_list<int> delta, std::uint64_t bytes_max = 1000) {
    const auto made = apply_delta(as_bytes("abcdefgh"), bytes_of(delta), bytes_max);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::unprocessable);
  };
  refused({});
  refused({8});
  refused({7, 1, 1, 'x'});       // another base
  refused({8, 2, 1, 'x'});       // too little
  refused({8, 1, 2, 'x', 'y'});  // too much
  refused({8, 1, 3, 'x'});       // cut within an insert
  refused({8, 1, 0});            // step 0
  refused({8, 3, 0x91, 6, 3});   // past the base's end
  refused({8, 3, 0x91, 6});      // cut within a copy
  refused({8, 3, 0x90, 3}, 2);   // larger than allowed
  refused({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1});
}
