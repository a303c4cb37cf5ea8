#include "daemon/convert/child/child_process.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;

namespace {

struct Ran {
  Result<ChildEnd> end;
  std::vector<std::string> lines;
};

struct Child {
  waag::testing::TempFolder folder;
  ChildOptions options;
  std::stop_source stop;

  Child() {
    options.program = "/bin/sh";
    options.folder = folder.path();
    options.sandbox.writable = {folder.path()};
  }
  Ran run(const std::string& script) {
    options.arguments = {"-c", script};
    Ran ran;
    ran.end = run_child(options, stop.get_token(), [&](std::string_view line) -> Status {
      ran.lines.emplace_back(line);
      if (line == "stop") stop.request_stop();
      if (line == "no") return fail(Errc::unprocessable, "not this");
      return ok();
    });
    return ran;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Child, "child process: input, lines, code, stderr", "[daemon][convert]") {
  options.input = std::string(300'000, 'x') + "\nend\n";
  const auto ran = run("tail -n 1; echo two; printf three; echo 'bad \a end' >&2; exit 3");
  REQUIRE(ran.end);
  CHECK(ran.lines == Lines{"end", "two", "three"});
  CHECK(ran.end->code == 3);
  CHECK(ran.end->error_text == "bad   end");
}

TEST_CASE_METHOD(Child, "child process: input that nobody reads", "[daemon][convert]") {
  options.input = std::string(1 << 20, 'x');
  const auto ran = run("echo here");
  REQUIRE(ran.end);
  CHECK(ran.end->code == 0);
  CHECK(ran.lines == Lines{"here"});
}

TEST_CASE_METHOD(Child, "child process: what it has of ours", "[daemon][convert]") {
  const auto leak = std::ofstream(folder.path() / "open");
  const int plain = ::dup(2);  // one that is not closed by itself
  const auto ran =
      run("pwd; /usr/bin/env | grep -v '^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\)='; "
          "ls /proc/$$/fd; ulimit -c");
  ::close(plain);
  REQUIRE(ran.end);
  CHECK(ran.lines == Lines{folder.path().string(), "0", "1", "2", "0"});
}

TEST_CASE_METHOD(Child, "child process: signals, and files that are too large",
                 "[daemon][convert]") {
  const auto killed = run("kill -9 $$");
  REQUIRE(killed.end);
  CHECK(killed.end->code == -1);
  CHECK(killed.end->signal == 9);
  options.file_bytes_max = 4096;
  const auto large = run("head -c 100000 /dev/zero > f; echo $?; stat -c %s f");
  REQUIRE(large.end);
  REQUIRE(large.lines.size() == 2);
  CHECK(large.lines[0] != "0");
  CHECK(large.lines[1] == "4096");
}

TEST_CASE_METHOD(Child, "child process: ended from outside, with all it started",
                 "[daemon][convert]") {
  SECTION("told to stop") {
    const auto ran = run("sleep 1000 & echo $! > pid; echo stop; sleep 1000");
    REQUIRE_FALSE(ran.end);
    CHECK(ran.end.error().code == Errc::unavailable);
  }
  SECTION("by the clock") {
    options.time_max = 300ms;
    const auto ran = run("sleep 1000 & echo $! > pid; sleep 1000");
    REQUIRE_FALSE(ran.end);
    CHECK(ran.end.error().code == Errc::deadline_exceeded);
  }
  SECTION("by whoever reads") {
    const auto ran = run("sleep 1000 & echo $! > pid; echo no; sleep 1000");
    REQUIRE_FALSE(ran.end);
    CHECK(ran.end.error().what == "not this");
  }
  SECTION("by itself, while what it has started goes on") {
    const auto ran = run("sleep 1000 & echo $! > pid");
    REQUIRE(ran.end);
    CHECK(ran.end->code == 0);
  }
  int pid = 0;
  std::ifstream(folder.path() / "pid") >> pid;
  REQUIRE(pid > 0);
  // Whoever inherits the orphan may be slow to bury it: a zombie is dead.
  std::string state;
  const auto end = std::chrono::steady_clock::now() + 20s;
  do {
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string skip;
    if (!(status >> skip >> skip >> state)) state = "gone";
  } while (state != "gone" && state != "Z" && state != "X" &&
           std::chrono::steady_clock::now() < end);
  CHECK((state == "gone" || state == "Z" || state == "X"));
}

TEST_CASE_METHOD(Child, "child process: a line without an end", "[daemon][convert]") {
  options.line_bytes_max = 1000;
  const auto ran = run("head -c 2000 /dev/zero; sleep 1000");
  REQUIRE_FALSE(ran.end);
  CHECK(ran.end.error().code == Errc::unprocessable);
}

TEST_CASE_METHOD(Child, "child process: what cannot be started", "[daemon][convert]") {
  options.program = folder.path() / "absent";
  CHECK(run("").end.error().code == Errc::not_found);
  options.program = folder.path();
  CHECK(run("").end.error().code == Errc::unavailable);
}
