#include "daemon/convert/child/sandbox.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "daemon/convert/child/child_process.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

struct Jail {
  waag::testing::TempFolder folder;
  ChildOptions options;

  Jail() {
    for (const auto* name : {"in", "out", "data"}) {
      fs::create_directories(folder.path() / name);
      std::ofstream(folder.path() / name / "file") << name << '\n';
    }
    options.folder = folder.path() / "out";
    options.sandbox.readable = {folder.path() / "in", folder.path() / "absent"};
    options.sandbox.writable = {folder.path() / "out"};
  }
  Lines run(const std::string& program, const std::string& script) {
    options.program = program;
    options.arguments = {"-c", script};
    Lines lines;
    const auto end = run_child(options, std::stop_token(), [&](std::string_view line) {
      lines.emplace_back(line);
      return ok();
    });
    if (!end) FAIL(end.error().what);
    UNSCOPED_INFO(end->error_text);
    return lines;
  }
};

}  // namespace

TEST_CASE_METHOD(Jail, "sandbox: files", "[daemon][convert]") {
  CHECK(run("/bin/sh",
            "cat ../in/file; cat file; cat ../data/file || echo no; ls .. || echo no;"
            "echo x > new && cat new; echo x > ../in/new || echo no;"
            "echo x > ../data/new || echo no; rm ../data/file || echo no;"
            "ln ../data/file f || echo no; mv file moved && cat moved") ==
        Lines{"in", "out", "no", "no", "x", "no", "no", "no", "no", "out"});
  CHECK(fs::exists(folder.path() / "data" / "file"));
}

TEST_CASE_METHOD(Jail, "sandbox: no network", "[daemon][convert]") {
  CHECK(run("/usr/bin/python3", R"(
import socket
socket.socketpair()
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
        print("open")
    except PermissionError:
        print("refused")
)") == Lines{"refused", "refused", "refused", "refused"});
}

TEST_CASE_METHOD(Jail, "sandbox: a program that may not be run", "[daemon][convert]") {
  const auto program = folder.path() / "data" / "run";
  std::ofstream(program) << "#!/bin/sh\necho ran\n";
  fs::permissions(program, fs::perms::owner_all);
  CHECK(run("/bin/sh", "../data/run || echo no") == Lines{"no"});
  CHECK(run(program.string(), "") == Lines{"ran"});  // its own is let in
}
