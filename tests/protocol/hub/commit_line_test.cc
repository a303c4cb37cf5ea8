#include "protocol/hub/commit_line.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;
using Field = CommitLine::Field;

TEST_CASE("commit_line: members that a kind does not read are ignored", "[protocol][commit_line]") {
  CommitLine line;
  REQUIRE(line.kind("deletedFile"));
  CHECK(*line.begin_field("content") == Field::ignored);
  CHECK(*line.begin_field("anything") == Field::ignored);
  CHECK(*line.begin_field("path") == Field::path);
  const auto twice = line.begin_field("path");
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Errc::invalid_argument);
}

TEST_CASE("commit_line: contents leave in pieces once the encoding is known",
          "[protocol][commit_line]") {
  CommitLine line;
  std::vector<CommitEvent> events;
  REQUIRE(line.kind("file"));
  REQUIRE(line.begin_field("encoding"));
  REQUIRE(line.text(Field::encoding, "base", false, events));
  REQUIRE(line.text(Field::encoding, "64", true, events));
  REQUIRE(line.begin_field("content"));
  REQUIRE(line.text(Field::content, "Zm9vYg", false, events));
  REQUIRE(events.size() == 2);
  CHECK(std::get<FileBegin>(events[0]).path.empty());
  CHECK(std::get<FileBytes>(events[1]).bytes == "foo");
  REQUIRE(line.text(Field::content, "==", true, events));
  CHECK_FALSE(line.end(events));  // no path yet
  REQUIRE(line.begin_field("path"));
  REQUIRE(line.text(Field::path, "a/b", true, events));
  REQUIRE(line.end(events));
  CHECK(std::get<FileEnd>(events.back()).path == "a/b");
  CHECK(std::get<FileEnd>(events.back()).size_bytes == 4);
}

TEST_CASE("commit_line: a line without kind means nothing", "[protocol][commit_line]") {
  CommitLine line;
  std::vector<CommitEvent> events;
  CHECK_FALSE(line.kind("Header"));
  CHECK_FALSE(line.end(events));
  CHECK(events.empty());
}
