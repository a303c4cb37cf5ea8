#include "convert/validate/weight_gates.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

WeightErrors sound() {
  WeightErrors errors;
  errors.name = "blk.3.ffn_down.weight";
  errors.type = "Q4_K";
  errors.elements = 256;
  errors.largest = 1;
  errors.largest_error = 0.1;
  errors.sqnr_db = 22.9;
  errors.row_sqnr_db = 21;
  return errors;
}

}  // namespace

TEST_CASE("weight_gates: three dB below what the type has of normal values",
          "[convert][validate][weight_gates]") {
  CHECK(weight_faults(sound()).empty());
  auto errors = sound();
  errors.sqnr_db = 19.91;
  CHECK(weight_faults(errors).empty());
  errors.sqnr_db = 12.13;
  const auto faults = weight_faults(errors);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0] == "blk.3.ffn_down.weight (Q4_K): 12.1 dB, at least 19.9 are expected");
  CHECK(*least_sqnr_db("Q2_K") == Approx(7.6));
  CHECK_FALSE(least_sqnr_db("Q9_K"));
}

TEST_CASE("weight_gates: exact passes, of any type that is known",
          "[convert][validate][weight_gates]") {
  auto errors = sound();
  errors.sqnr_db.reset();
  errors.row_sqnr_db.reset();
  errors.largest_error = 0;
  CHECK(weight_faults(errors).empty());
  errors.type = "Q9_K";
  CHECK(weight_faults(errors) ==
        std::vector<std::string>{"blk.3.ffn_down.weight (Q9_K): no limit is known for the type"});
  errors.elements = 0;
  CHECK(weight_faults(errors).empty());
}

TEST_CASE("weight_gates: each fault is named", "[convert][validate][weight_gates]") {
  auto errors = sound();
  errors.not_finite = 2;
  errors.not_kept = 3;
  errors.row_sqnr_db = -3;
  const auto faults = weight_faults(errors);
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].ends_with("2 values are NaN or Inf"));
  CHECK(faults[1].ends_with("3 values are others, which the type holds exactly"));
  CHECK(faults[2].ends_with("a row has -3.0 dB, at least 6.5 are expected"));
  errors = sound();
  errors.largest = 0;
  errors.sqnr_db.reset();
  errors.row_sqnr_db.reset();
  CHECK(weight_faults(errors).front().ends_with("its source is all zero, and it is not"));
}

}  // namespace waag::convert::testing
