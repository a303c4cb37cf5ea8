#include "convert/io/output_folder.h"
#include "convert/job_spec.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto spec = convert::parse_job_spec(as_text(input));
  if (!spec) {
    FUZZ_REQUIRE(spec.error().code == Errc::invalid_argument);
    return;
  }
  FUZZ_REQUIRE(spec->source.is_absolute() && spec->output.is_absolute());
  FUZZ_REQUIRE(!spec->targets.empty());
  for (const auto& target : spec->targets) {
    FUZZ_REQUIRE(convert::is_plain_path(target.path));
    FUZZ_REQUIRE(target.importance.empty() || target.importance.is_absolute());
  }
}

WAAG_FUZZ_TARGET
