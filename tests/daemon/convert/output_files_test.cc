#include "daemon/convert/output_files.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;
namespace fs = std::filesystem;

namespace {

struct Output {
  waag::testing::TempFolder temp;
  fs::path folder = temp.path() / "out";
  Output() { fs::create_directories(folder / "sub"); }

  void put(const std::string& path, const std::string& content) const {
    std::ofstream(folder / path) << content;
  }
  [[nodiscard]] Errc open_error(const std::string& path) const {
    const auto opened = OutputFile::open(folder, path);
    REQUIRE_FALSE(opened);
    return opened.error().code;
  }
  [[nodiscard]] Status check(const std::string& path, std::uint64_t size) const {
    const auto opened = OutputFile::open(folder, path);
    REQUIRE(opened);
    return check_output(*opened, {"gguf:F16", path, size, {}});
  }
};

/// {"t":[8]} in safetensors.
std::string safetensors() {
  const std::string head = R"({"t":{"dtype":"F32","shape":[8],"data_offsets":[0,32]}})";
  std::string length(8, '\0');
  length[0] = static_cast<char>(head.size());
  return length + head + std::string(32, 'x');
}

}  // namespace

TEST_CASE_METHOD(Output, "output files: read", "[daemon][convert]") {
  put("sub/a.json", "content");
  const auto opened = OutputFile::open(folder, "sub/a.json");
  REQUIRE(opened);
  CHECK(opened->size_bytes() == 7);
  std::string all;
  REQUIRE(opened->read_all([&](ByteView bytes) {
    all += as_text(bytes);
    return ok();
  }));
  CHECK(all == "content");
  Bytes far(8);
  CHECK(opened->read(0, far).error().code == Errc::unprocessable);
  CHECK(check("sub/a.json", 7));
  CHECK(check("sub/a.json", 8).error().code == Errc::unprocessable);
}

TEST_CASE_METHOD(Output, "output files: what is none of the converter's own", "[daemon][convert]") {
  std::ofstream(temp.path() / "secret") << "of the hub";
  fs::create_symlink(temp.path() / "secret", folder / "link");
  fs::create_directory_symlink(temp.path(), folder / "folder");
  fs::create_hard_link(temp.path() / "secret", folder / "second");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (const auto* path :
       {"link", "folder/secret", "second", "pipe", "sub", "absent", "sub/absent"}) {
    CAPTURE(path);
    CHECK(open_error(path) == Errc::unprocessable);
  }
}

TEST_CASE_METHOD(Output, "output files: headers", "[daemon][convert]") {
  const auto good = safetensors();
  put("a.safetensors", good);
  CHECK(check("a.safetensors", good.size()));
  put("cut.safetensors", good.substr(0, good.size() - 1));
  CHECK(check("cut.safetensors", good.size() - 1).error().code == Errc::unprocessable);
  put("empty.safetensors", "");
  CHECK(check("empty.safetensors", 0).error().code == Errc::unprocessable);
  put("a.gguf", "GGUF");
  CHECK(check("a.gguf", 4).error().code == Errc::unprocessable);
}
