#include <filesystem>

#include "protocol/git/object.h"
#include "protocol/git/path.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  if (const auto path = git::check_file_path(as_text(input))) {
    FUZZ_REQUIRE(*path == as_text(input));
    FUZZ_REQUIRE(path->size() <= git::path_bytes_max);
    FUZZ_REQUIRE(is_utf8(*path) && !has_control(*path));
    FUZZ_REQUIRE(path->find('\\') == path->npos);
    const std::filesystem::path local(*path);
    FUZZ_REQUIRE(local.is_relative());
    FUZZ_REQUIRE(local.lexically_normal() == local);  // no empty segment, no dots
    for (const auto& segment : local) {
      FUZZ_REQUIRE(segment != "..");
      // A tree may hold every accepted segment.
      FUZZ_REQUIRE(git::serialize_tree({{git::mode_file, segment.string(), {}}}));
    }
  }
  if (const auto name = git::check_ref_name(as_text(input))) {
    FUZZ_REQUIRE(name->find("..") == name->npos && !name->starts_with('/') &&
                 !name->ends_with('/'));
    FUZZ_REQUIRE(is_utf8(*name) && !has_control(*name));
  }
}

WAAG_FUZZ_TARGET
