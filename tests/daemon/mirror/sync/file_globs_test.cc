#include "daemon/mirror/sync/file_globs.h"

#include <catch2/catch.hpp>

using waag::daemon::FileGlobs;

TEST_CASE("file globs: as in .gitignore", "[daemon][mirror]") {
  const FileGlobs globs({"*.safetensors", "onnx/*.json", "docs/", "/top.txt"});
  for (const auto* path :
       {"a.safetensors", "x/y/a.safetensors", "onnx/c.json", "docs/a", "docs/x/b", "top.txt"}) {
    CAPTURE(path);
    CHECK(globs.matches(path));
  }
  for (const auto* path : {"a.bin", "c.json", "onnx/x/c.json", "x/docs", "my-docs/a"}) {
    CAPTURE(path);
    CHECK_FALSE(globs.matches(path));
  }
  CHECK(FileGlobs().empty());
  CHECK_FALSE(FileGlobs().matches("a"));
}
