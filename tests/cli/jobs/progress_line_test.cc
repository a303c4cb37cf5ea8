#include "cli/jobs/progress_line.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace waag::cli;
using namespace std::chrono_literals;

namespace {

boost::json::value progress(std::uint64_t done, std::uint64_t total) {
  return boost::json::object{
      {"doneBytes", done}, {"totalBytes", total}, {"doneFiles", 1}, {"totalFiles", 3}};
}

}  // namespace

TEST_CASE("progress_line: how much, how fast, how long yet", "[cli][jobs]") {
  ProgressLine line;
  line.update(progress(0, 100u << 20), 0ms);
  CHECK(line.text() == "0%  0 B of 100 MiB  1 of 3 files");
  line.update(progress(20u << 20, 100u << 20), 2s);
  CHECK(line.text() == "20%  20.0 MiB of 100 MiB  1 of 3 files  10.0 MiB/s  8 s left");
  SECTION("the last seconds say how fast") {
    line.update(progress(21u << 20, 100u << 20), 12s);
    line.update(progress(22u << 20, 100u << 20), 22s);
    CHECK(line.text() == "22%  22.0 MiB of 100 MiB  1 of 3 files  102 KiB/s  13 min left");
  }
  SECTION("another attempt starts anew") {
    line.update(progress(0, 100u << 20), 3s);
    CHECK(line.text() == "0%  0 B of 100 MiB  1 of 3 files");
  }
  SECTION("as a bar") {
    CHECK(line.bar(60) == "[####--------------------] 20%  20.0 MiB of 100 MiB  1 of 3 ");
    CHECK(line.bar(60).size() == 60);
  }
}

TEST_CASE("progress_line: what nobody knows is left out", "[cli][jobs]") {
  ProgressLine line;
  CHECK(line.text().empty());
  line.update(boost::json::parse(R"({"doneBytes":2048,"totalBytes":0,"note":"reading"})"), 0ms);
  CHECK(line.text() == "2.00 KiB  reading");
  CHECK(line.bar(80) == "[------------------------] 2.00 KiB  reading");
  line.update(boost::json::parse(R"({"doneBytes":-1,"totalFiles":4,"doneFiles":9})"), 0ms);
  CHECK(line.text() == "100%  9 of 4 files");
  line.update(boost::json::parse("[]"), 0ms);
  CHECK(line.text().empty());
}

TEST_CASE("progress_line: nothing commands the terminal, no character is halved", "[cli][jobs]") {
  CHECK(printable("a\x1b[2Jb\n\x7f") == "a?[2Jb??");
  CHECK(printable("\xC2\x9B"
                  "c\xC3\xA9") == "??c\xC3\xA9");
  ProgressLine line;
  line.update(boost::json::object{{"note", "\xC3\xA9\xC3\xA9\x1b"}}, 0ms);
  CHECK(line.text() == "\xC3\xA9\xC3\xA9?");
  CHECK(line.bar(28) == "[------------------------] \xC3\xA9");
}
