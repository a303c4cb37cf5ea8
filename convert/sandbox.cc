#include "convert/sandbox.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "convert/io/descriptor.h"

namespace waag::convert {
namespace {

Error failed(const std::string& what) {
  return fail(Errc::unavailable, "sandbox: " + what + ": " + std::strerror(errno));
}

// Landlock's first version; what later ones can refuse is handled by version below.
constexpr std::uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_rights =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t other_rights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                       LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                       LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
// Source: Linux, include/uapi/linux/landlock.h; Debian 12's header ends at version 2.
constexpr std::uint64_t right_refer = 1ull << 13;     // version 2: rename between folders
constexpr std::uint64_t right_truncate = 1ull << 14;  // version 3

int landlock_version() {
  return static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

// A rule on a file may only have what files have; a device node is written to, too.
constexpr std::uint64_t file_rights = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t device_rights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

Status allow(int ruleset, const std::filesystem::path& path, std::uint64_t rights,
             std::uint64_t rights_of_file = file_rights) {
  const Descriptor fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (fd.get() < 0) return failed(path.string());
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return failed(path.string());
  if (!S_ISDIR(status.st_mode)) rights &= rights_of_file;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = fd.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return failed("rule for " + path.string());
  return ok();
}

Status restrict_files(const SandboxPaths& paths) {
  const int version = landlock_version();
  if (version < 1) return failed("this kernel has no Landlock");
  std::uint64_t writing = write_rights;
  if (version >= 2) writing |= right_refer;
  if (version >= 3) writing |= right_truncate;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = read_rights | writing | other_rights;
  const Descriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
  if (ruleset.get() < 0) return failed("ruleset");
  for (const auto& path : paths.read) WAAG_CHECK(allow(ruleset.get(), path, read_rights));
  for (const auto& path : paths.write)
    WAAG_CHECK(allow(ruleset.get(), path, read_rights | writing));
  for (const auto& path : paths.devices)
    WAAG_CHECK(
        allow(ruleset.get(), path, device_rights | LANDLOCK_ACCESS_FS_READ_DIR, device_rights));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("Landlock");
  return ok();
}

// What the C library, the threads and our own reading and writing need.
constexpr std::array allowed_calls{
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(openat),
    SCMP_SYS(open),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(lseek),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(getcwd),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(prlimit64),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(membarrier),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(set_tid_address),
};

// What the driver of a GPU may call while it works: control of its nodes, waiting for events, its
// memory and threads. Not tried on a machine with a GPU: with a driver that needs more the device
// fails its proof, which comes after, and the CPU does the work.
constexpr std::array device_calls{
    SCMP_SYS(ioctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(mincore),
    SCMP_SYS(mbind),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(set_mempolicy),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getppid),
    SCMP_SYS(getcpu),
    SCMP_SYS(clock_getres),
    SCMP_SYS(getrusage),
};

enum class Calls { plain, beside_device };

Status close_calls(Calls calls) {
  struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
  };
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (filter == nullptr) return failed("seccomp");
  const auto add = [&](int error) { return error == 0; };
  bool is_good = true;
  for (const int call : allowed_calls)
    is_good = is_good && add(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0));
  if (calls == Calls::beside_device) {
    for (const int call : device_calls)
      is_good = is_good && add(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0));
    is_good = is_good && add(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                              SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)));
    // The driver's threads are there already.
    is_good = is_good && add(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1));
  }
  // Threads, but no processes. The C library takes "no such call" of clone3 for a reason to use
  // clone, whose flags can be looked at.
  is_good =
      is_good && add(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
  is_good =
      is_good && add(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)));
  if (!is_good || seccomp_load(filter.get()) != 0) return failed("seccomp");
  return ok();
}

}  // namespace

Status enter_sandbox(const SandboxPaths& paths) {
  WAAG_CHECK(close_files(paths));
  return close_calls(Calls::plain);
}

Status close_files(const SandboxPaths& paths) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no new privileges");
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit no_core{0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return failed("core limit");
  return restrict_files(paths);
}

Status close_calls_beside_device() { return close_calls(Calls::beside_device); }

}  // namespace waag::convert
