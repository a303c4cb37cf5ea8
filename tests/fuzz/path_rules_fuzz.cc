#include "protocol/hub/path_rules.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// Up to the first NUL: a path. The rest: rules.
void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  const auto end = text.find('\0');
  if (end == text.npos || end > 1024) return;
  const auto path = text.substr(0, end);
  const auto rules = text.substr(end + 1);
  const hub::GitAttributes attributes(rules);
  if (attributes.steps(path) < 10'000'000)
    FUZZ_REQUIRE(attributes.is_lfs(path) == (attributes.filter(path) == "lfs"));
  const hub::GitIgnore ignore(rules);
  if (ignore.steps(path) < 10'000'000 && ignore.ignores(path))
    FUZZ_REQUIRE(ignore.ignores(std::string(path) + "/below") || path.ends_with('/'));
}

WAAG_FUZZ_TARGET
