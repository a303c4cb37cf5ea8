#include "convert/device/device_files.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace waag::convert::testing {

TEST_CASE("device_files: what a GPU's driver touches", "[convert][device][device_files]") {
  const waag::testing::TempFolder folder;
  const auto& root = folder.path();
  CHECK(find_device_files(root).nodes.empty());
  for (const auto* name : {"dev/nvidia-caps", "usr", "proc", "lib"})
    std::filesystem::create_directories(root / name);
  for (const auto* name : {"dev/null", "dev/sda"}) std::ofstream(root / name) << "";
  std::filesystem::remove(root / "dev/nvidia-caps");
  CHECK(find_device_files(root).nodes.empty());
  CHECK(find_device_files(root).read.empty());  // nothing is opened for a device that is not there

  for (const auto* name : {"dev/nvidiactl", "dev/nvidia0"}) std::ofstream(root / name) << "";
  const auto files = find_device_files(root);
  CHECK(files.nodes ==
        std::vector<std::filesystem::path>{root / "dev/nvidia0", root / "dev/nvidiactl"});
  CHECK(files.read ==
        std::vector<std::filesystem::path>{root / "usr", root / "lib", root / "proc"});
}

}  // namespace waag::convert::testing
