#include "cli/print.h"

#include <sstream>

#include <catch2/catch.hpp>

using namespace waag::cli;

TEST_CASE("print: bytes for people", "[cli][print]") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1024) == "1.00 KiB");
  CHECK(human_bytes(15u << 20) == "15.0 MiB");
  CHECK(human_bytes(~std::uint64_t{0}) == "16.0 EiB");
}

TEST_CASE("print: tables align, empty ones print nothing", "[cli][print]") {
  std::ostringstream out;
  print_table(out, {"A", "B"}, {});
  CHECK(out.str().empty());
  print_table(out, {"A", "B"}, {{"long", "x"}, {"s", "y"}});
  CHECK(out.str() == "A     B\nlong  x\ns     y\n");
}
