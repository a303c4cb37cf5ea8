#include "convert/sandbox.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::TempFolder;

constexpr int could_not_enter = 100;

/// Runs `inside` in a child that is closed in; its exit code, or minus the signal that ended it.
int run_inside(const SandboxPaths& paths, const std::function<int()>& inside) {
  const auto child = ::fork();
  if (child == 0) {
    const auto entered = enter_sandbox(paths);
    ::_exit(entered ? inside() : could_not_enter);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/// The error of a call that must fail; 0 if it did not.
int error_of(long result) { return result >= 0 ? 0 : errno; }

struct Folders {
  TempFolder in, out, other;
  [[nodiscard]] SandboxPaths paths() const {
    return {.read = {in.path()}, .write = {out.path()}, .devices = {}};
  }
};

void write_file(const std::filesystem::path& path, const char* text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("sandbox: what is asked for works", "[convert][sandbox]") {
  const Folders folders;
  std::filesystem::create_directory(folders.in.path() / "sub");
  write_file(folders.in.path() / "sub/weights", "abc");
  const auto code = run_inside(folders.paths(), [&] {
    char text[3];
    const int in = ::open((folders.in.path() / "sub/weights").c_str(), O_RDONLY);
    if (in < 0 || ::pread(in, text, 3, 0) != 3) return 1;
    if (std::filesystem::directory_iterator(folders.in.path()) ==
        std::filesystem::directory_iterator())
      return 2;
    const auto part = folders.out.path() / "a/b/m.part";
    std::filesystem::create_directories(part.parent_path());
    const int out = ::open(part.c_str(), O_RDWR | O_CREAT, 0644);
    if (out < 0 || ::pwrite(out, text, 3, 0) != 3) return 3;
    if (::fdatasync(out) != 0 || ::ftruncate(out, 2) != 0) return 4;
    if (::rename(part.c_str(), (folders.out.path() / "m").c_str()) != 0) return 5;
    if (::unlink((folders.out.path() / "m").c_str()) != 0) return 6;
    return 0;
  });
  CHECK(code == 0);
}

TEST_CASE("sandbox: a single file may be read, its neighbour not", "[convert][sandbox]") {
  const Folders folders;
  write_file(folders.other.path() / "imatrix", "abc");
  write_file(folders.other.path() / "secret", "abc");
  auto paths = folders.paths();
  paths.read.push_back(folders.other.path() / "imatrix");
  const auto code = run_inside(paths, [&] {
    if (::open((folders.other.path() / "imatrix").c_str(), O_RDONLY) < 0) return 1;
    if (error_of(::open((folders.other.path() / "secret").c_str(), O_RDONLY)) != EACCES) return 2;
    if (error_of(::open((folders.other.path() / "imatrix").c_str(), O_WRONLY)) != EACCES) return 3;
    return 0;
  });
  CHECK(code == 0);
}

TEST_CASE("sandbox: other files are out of reach", "[convert][sandbox]") {
  const Folders folders;
  write_file(folders.in.path() / "weights", "abc");
  write_file(folders.other.path() / "victim", "abc");
  ::symlink((folders.other.path() / "victim").c_str(), (folders.in.path() / "link").c_str());
  const auto code = run_inside(folders.paths(), [&] {
    const auto denied = [](const std::filesystem::path& path, int flags) {
      return error_of(::open(path.c_str(), flags, 0644)) == EACCES;
    };
    if (!denied("/etc/passwd", O_RDONLY)) return 1;
    if (!denied("/proc/self/environ", O_RDONLY)) return 2;
    if (!denied(folders.in.path() / "link", O_RDONLY)) return 3;
    if (!denied(folders.in.path() / "weights", O_RDWR)) return 4;
    if (!denied(folders.in.path() / "new", O_WRONLY | O_CREAT)) return 5;
    if (!denied(folders.other.path() / "new", O_WRONLY | O_CREAT)) return 6;
    if (!denied("/tmp/waag-sandbox-new", O_WRONLY | O_CREAT)) return 7;
    if (error_of(::unlink((folders.other.path() / "victim").c_str())) != EACCES) return 8;
    if (error_of(::unlink((folders.in.path() / "weights").c_str())) != EACCES) return 9;
    if (error_of(::mkdir((folders.in.path() / "d").c_str(), 0755)) != EACCES) return 10;
    if (::rename((folders.in.path() / "weights").c_str(), (folders.out.path() / "w").c_str()) == 0)
      return 11;
    if (error_of(::symlink("/etc/passwd", (folders.out.path() / "l").c_str())) != EPERM) return 12;
    return 0;
  });
  CHECK(code == 0);
  CHECK(std::filesystem::exists(folders.other.path() / "victim"));
}

TEST_CASE("sandbox: no network, no processes, no programs", "[convert][sandbox]") {
  const Folders folders;
  write_file(folders.out.path() / "program", "#!/bin/sh\n");
  std::filesystem::permissions(folders.out.path() / "program", std::filesystem::perms::all);
  const auto code = run_inside(folders.paths(), [&] {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
      if (error_of(::socket(family, SOCK_STREAM, 0)) != EPERM) return 1;
    int pair[2];
    if (error_of(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) != EPERM) return 2;
    const auto child = ::fork();
    if (child == 0) ::_exit(0);
    if (error_of(child) != EPERM) return 3;
    char* arguments[] = {nullptr};
    if (error_of(::execve("/bin/true", arguments, arguments)) != EPERM) return 4;
    const auto program = (folders.out.path() / "program").string();
    if (error_of(::execve(program.c_str(), arguments, arguments)) != EPERM) return 5;
    if (error_of(::kill(::getppid(), 0)) != EPERM) return 6;
    if (error_of(::chmod(program.c_str(), 04755)) != EPERM) return 7;
    if (error_of(::link(program.c_str(), (program + "2").c_str())) != EPERM) return 8;
    return 0;
  });
  CHECK(code == 0);
}

TEST_CASE("sandbox: threads work", "[convert][sandbox]") {
  const Folders folders;
  const auto code = run_inside(folders.paths(), [] {
    std::vector<int> sums(4);
    std::vector<std::thread> threads;
    for (auto& sum : sums)
      threads.emplace_back([&sum] {
        const std::vector<int> memory(1 << 20, 1);  // from the thread's own arena
        for (const int value : memory) sum += value;
      });
    for (auto& thread : threads) thread.join();
    for (const int sum : sums)
      if (sum != 1 << 20) return 1;
    return 0;
  });
  CHECK(code == 0);
}

TEST_CASE("sandbox: it cannot be left, nor entered for a wider one", "[convert][sandbox]") {
  const Folders folders;
  const auto code = run_inside(folders.paths(), [&] {
    const auto again = enter_sandbox({.read = {"/etc"}, .write = {}, .devices = {}});
    if (again) return 1;
    if (again.error().code != Errc::unavailable) return 2;
    return error_of(::open("/etc/passwd", O_RDONLY)) == EACCES ? 0 : 3;
  });
  CHECK(code == 0);
}

TEST_CASE("sandbox: in two steps, around a device's driver and its threads", "[convert][sandbox]") {
  const Folders folders;
  auto paths = folders.paths();
  paths.devices = {"/dev/null"};
  const auto child = ::fork();
  if (child == 0) {
    ::_exit([&] {
      if (!close_files(paths)) return 1;
      // The driver: reads and writes its node, and makes threads, in no filter yet.
      if (error_of(::open("/dev/zero", O_RDONLY)) != EACCES) return 2;
      const int node = ::open("/dev/null", O_RDWR);
      if (node < 0 || ::write(node, "x", 1) != 1) return 3;
      std::atomic<bool> is_closed{false};
      std::atomic<int> of_thread{-1};
      std::thread driver([&] {
        while (!is_closed) std::this_thread::yield();
        of_thread = error_of(::socket(AF_UNIX, SOCK_STREAM, 0));
      });
      const bool entered = bool(close_calls_beside_device());
      is_closed = true;
      driver.join();
      if (!entered) return 4;
      if (of_thread != EPERM) return 5;  // what was there before is closed in, too
      for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
        if (error_of(::socket(family, SOCK_STREAM, 0)) != EPERM) return 6;
      if (error_of(::ioctl(node, 0)) != ENOTTY) return 7;
      std::array<pollfd, 1> waiting{pollfd{node, POLLIN, 0}};
      if (::poll(waiting.data(), 1, 0) < 0) return 8;
      char* arguments[] = {nullptr};
      if (error_of(::execve("/bin/true", arguments, arguments)) != EPERM) return 9;
      const auto grandchild = ::fork();
      if (grandchild == 0) ::_exit(0);
      if (error_of(grandchild) != EPERM) return 10;
      if (error_of(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) != EPERM) return 11;
      if (error_of(::open("/etc/passwd", O_RDONLY)) != EACCES) return 12;
      return 0;
    }());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("sandbox: a path that is not there", "[convert][sandbox]") {
  const Folders folders;
  const auto code = run_inside(
      {.read = {folders.in.path() / "nothing"}, .write = {}, .devices = {}}, [] { return 0; });
  CHECK(code == could_not_enter);
}

}  // namespace waag::convert::testing
