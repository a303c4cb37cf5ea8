#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace waag::test {

/// The installed git, in an empty repository in a folder of its own, as judge over our bytes. Needs
/// no identity, reads no configuration but its own.
class GitOracle {
 public:
  GitOracle() {
    std::string pattern = (std::filesystem::temp_directory_path() / "waag-git-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = pattern;
    run("init -q --bare .", "");
  }
  ~GitOracle() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  GitOracle(const GitOracle&) = delete;
  GitOracle& operator=(const GitOracle&) = delete;

  /// Standard output of `git <arguments>` without its last newline.
  /// @param input what stands on its standard input
  std::string run(const std::string& arguments, const std::string& input) {
    const auto input_path = root_ / "stdin.bin";
    std::ofstream(input_path, std::ios::binary) << input;
    const std::string command = "cd '" + root_.string() +
                                "' && GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 "
                                "GIT_DIR=. timeout 20 git " +
                                arguments + " <stdin.bin 2>stderr.txt";
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string output;
    std::array<char, 4096> block{};
    for (std::size_t got = 0; (got = fread(block.data(), 1, block.size(), pipe)) > 0;)
      output.append(block.data(), got);
    if (pclose(pipe) != 0) throw std::runtime_error("git " + arguments + " failed: " + errors());
    if (output.ends_with('\n')) output.pop_back();
    return output;
  }
  /// Id that git gives an object, after checking its form.
  std::string object_id(const std::string& kind, const std::string& body) {
    return run("hash-object -w -t " + kind + " --stdin", body);
  }

 private:
  std::string errors() {
    std::ifstream file(root_ / "stderr.txt");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::filesystem::path root_;
};

}  // namespace waag::test
