#include "protocol/hub/path_rules.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;
namespace fs = std::filesystem;

namespace {

/// An empty git repository to ask the real git in. Removed at the end.
class GitOracle {
 public:
  GitOracle() {
    std::string name = (fs::temp_directory_path() / "waag-rules-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
    run("git init -q .");
  }
  ~GitOracle() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  GitOracle(const GitOracle&) = delete;
  GitOracle& operator=(const GitOracle&) = delete;

  /// path -> value of filter
  std::map<std::string, std::string> filters(const std::string& rules,
                                             const std::vector<std::string>& paths) {
    write(".gitattributes", rules);
    write(".git/paths", joined(paths));
    run("git check-attr -z --stdin filter < .git/paths > .git/out");
    fs::remove(root_ / ".gitattributes");
    const auto words = read_words(".git/out");
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i + 2 < words.size(); i += 3) values[words[i]] = words[i + 2];
    return values;
  }
  std::set<std::string> ignored(const std::string& rules, const std::vector<std::string>& paths) {
    write(".gitignore", rules);
    write(".git/paths", joined(paths));
    run("git check-ignore --no-index -z --stdin < .git/paths > .git/out || test $? -eq 1");
    const auto words = read_words(".git/out");
    return {words.begin(), words.end()};
  }

 private:
  void run(const std::string& command) {
    const auto whole = "cd '" + root_.string() + "' && HOME='" + root_.string() +
                       "' XDG_CONFIG_HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 sh -c '" + command +
                       "' 2>/dev/null";
    REQUIRE(std::system(whole.c_str()) == 0);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  static std::string joined(const std::vector<std::string>& paths) {
    std::string text;
    for (const auto& path : paths) text += path + '\0';
    return text;
  }
  std::vector<std::string> read_words(const std::string& name) {
    std::ifstream file(root_ / name, std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
    return words;
  }

  fs::path root_;
};

std::size_t pick(std::mt19937& random, std::size_t below) { return random() % below; }

/// Few letters and many wildcards, so that patterns and paths meet often.
std::string random_pattern(std::mt19937& random) {
  const std::vector<std::string> parts = {
      "a",    "b",    "ab",   "*",        "**",    "?",   "/",           "/",  "/**/", "**/",
      "[ab]", "[!a]", "[^b]", "[a-c]",    "\\a",   "\\*", "[[:alpha:]]", ".x", "c",    "[]a]",
      "[a-]", "\\",   "[",    "[[:no:]]", "[\\]]", "***", "a*b",         " ",  "\\ ",  "[[:]a]"};
  std::string pattern;
  const auto count = 1 + pick(random, 6);
  for (std::size_t i = 0; i < count; ++i) pattern += parts[pick(random, parts.size())];
  return pattern;
}

std::vector<std::string> random_paths(std::mt19937& random) {
  const std::vector<std::string> names = {"a", "b",   "ab", "c", "aab", "a.x", "ba",
                                          "*", "a b", "b ", "]", "acb", "-",   "abc.x"};
  std::set<std::string> paths;
  while (paths.size() < 120) {
    std::string path = names[pick(random, names.size())];
    for (auto depth = pick(random, 4); depth > 0; --depth)
      path += "/" + names[pick(random, names.size())];
    paths.insert(path);
  }
  return {paths.begin(), paths.end()};
}

}  // namespace

TEST_CASE("path_rules: .gitattributes as the real git reads it", "[protocol][path_rules]") {
  GitOracle git;
  const unsigned seed = 20261123;
  std::mt19937 random(seed);
  const std::vector<std::string> settings = {"filter=lfs",
                                             "filter=lfs diff=lfs merge=lfs -text",
                                             "-filter",
                                             "!filter",
                                             "filter",
                                             "text",
                                             "lfs",
                                             "-lfs",
                                             "filter=x filter=lfs",
                                             "lfs filter=y",
                                             "nested",
                                             "bad/name filter=lfs",
                                             "-text\tfilter=lfs\r"};
  std::size_t with_value = 0;
  for (int round = 0; round < 80; ++round) {
    std::string rules = "[attr]lfs filter=lfs diff=lfs -text\n[attr]nested lfs text\n# comment\n\n";
    for (auto count = 1 + pick(random, 6); count > 0; --count) {
      const auto pattern = random_pattern(random);
      const bool quoted = pick(random, 8) == 0;
      rules += (quoted ? "\"" + pattern + "\"" : pattern) + " " +
               settings[pick(random, settings.size())] + "\n";
    }
    const auto paths = random_paths(random);
    const auto expected = git.filters(rules, paths);
    const GitAttributes ours(rules);
    CAPTURE(seed, round, rules);
    for (const auto& path : paths) {
      CAPTURE(path);
      const auto& value = expected.at(path);
      if (value != "unspecified") ++with_value;
      CHECK(ours.filter(path).value_or("unspecified") == value);
    }
  }
  CHECK(with_value > 500);  // the cases do say something
}

TEST_CASE("path_rules: .gitignore as the real git reads it", "[protocol][path_rules]") {
  GitOracle git;
  const unsigned seed = 20261124;
  std::mt19937 random(seed);
  std::size_t ignored = 0;
  for (int round = 0; round < 120; ++round) {
    std::string rules = "# comment\n\n";
    for (auto count = 1 + pick(random, 5); count > 0; --count) {
      rules += (pick(random, 4) == 0 ? "!" : "") + random_pattern(random);
      rules += std::vector<std::string>{"", "/", " ", "  \r", "\\ "}[pick(random, 5)] + "\n";
    }
    const auto paths = random_paths(random);
    const auto expected = git.ignored(rules, paths);
    const GitIgnore ours(rules);
    CAPTURE(seed, round, rules);
    for (const auto& path : paths) {
      CAPTURE(path);
      ignored += expected.contains(path) ? 1 : 0;
      CHECK(ours.ignores(path) == expected.contains(path));
    }
  }
  CHECK(ignored > 500);
}

TEST_CASE("path_rules: the default attributes as the real git reads them",
          "[protocol][path_rules]") {
  GitOracle git;
  const auto type = GENERATE(RepoType::model, RepoType::dataset);
  const auto rules = default_gitattributes(type);
  const std::vector<std::string> paths = {"a.bin",
                                          "x/a.safetensors",
                                          "a.gguf",
                                          "a.txt",
                                          "saved_model/x",
                                          "y/saved_model/x",
                                          "saved_model/a/b/c",
                                          "z.tar.gz",
                                          "a.wav",
                                          "a.7z",
                                          "events.tfevents.0",
                                          "config.json",
                                          "bin",
                                          "a.lfs.b"};
  const auto expected = git.filters(rules, paths);
  const GitAttributes ours(rules);
  for (const auto& path : paths) {
    CAPTURE(path);
    CHECK(ours.is_lfs(path) == (expected.at(path) == "lfs"));
  }
}

TEST_CASE("path_rules: macros cannot nest without end", "[protocol][path_rules]") {
  std::string rules = "[attr]m0 m0 m1\n[attr]m1 m0\n";
  for (int i = 2; i < 100'000; ++i)
    rules += "[attr]m" + std::to_string(i) + " m" + std::to_string(i + 1) + "\n";
  CHECK_FALSE(GitAttributes(rules + "* m0\n").filter("a"));
  CHECK(GitAttributes("[attr]m0 m1\n[attr]m1 filter=lfs\n* m0\n").is_lfs("a"));
}
