#include "daemon/convert/child/sandbox.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace waag::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t file_reads = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t reads = file_reads | LANDLOCK_ACCESS_FS_READ_DIR;
/// To use a device, not to make one.
constexpr std::uint64_t device_use = reads | LANDLOCK_ACCESS_FS_WRITE_FILE;
/// Of a single file no more can be allowed; Debian 12's headers lack the last one (Linux 6.2).
constexpr std::uint64_t truncate = 1u << 14;
constexpr std::uint64_t file_access = file_reads | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate;

/// Programs, libraries, what a GPU's driver reads. Of /etc no more: keys may lie there.
constexpr std::array<const char*, 10> system_paths{
    "/usr",  "/lib", "/lib64",        "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ld.so.preload",
    "/proc", "/sys", "/etc/localtime"};

/// Not all of /dev: memory that programs share, and disks, are files there.
constexpr std::array devices{"null", "zero", "full", "random", "urandom"};

/// struct landlock_ruleset_attr as of Linux 6.12; older ones take its front.
struct Handled {
  std::uint64_t files = 0, network = 0, scopes = 0;
};

/// Every access to files that this version of Landlock (its ABI) can refuse, and signals to
/// processes outside. 0: there is no Landlock.
std::pair<Handled, std::size_t> handled_by(long version) {
  Handled handled;
  handled.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) handled.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) handled.files |= truncate;
  if (version < 6) return {handled, sizeof(handled.files)};
  handled.scopes = 3;  // abstract sockets, signals
  return {handled, sizeof(handled)};
}

Status allow(int ruleset, const fs::path& path, std::uint64_t access) {
  const int at = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (at < 0) return ok();  // what is not there cannot be used
  const bool folder = fs::is_directory(path);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = folder ? access : access & file_access;
  rule.parent_fd = at;
  const auto added =
      ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  const int code = errno;
  ::close(at);
  if (added == 0) return ok();
  return fail(Errc::unavailable, "landlock: " + std::system_category().message(code));
}

/// Those of any machine, and its GPUs.
Status allow_devices(int ruleset) {
  const fs::path root = "/dev";
  for (const auto* name : devices) WAAG_CHECK(allow(ruleset, root / name, device_use));
  std::error_code error;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with("nvidia"))
      WAAG_CHECK(allow(ruleset, at->path(), device_use));
  return ok();
}

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#endif
/// x86-64's second table of system calls, by which rules for the first could be passed by.
constexpr std::uint32_t x32_bit = 0x40000000;

constexpr sock_filter statement(unsigned code, std::uint32_t value) {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}
constexpr sock_filter jump_if(std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
  return {static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K), then, otherwise, value};
}

constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EPERM;

/// Sockets but for local ones, io_uring (which makes sockets too) and other processes' memory are
/// refused; another architecture's calls end the child.
constexpr std::array filter{
    statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    jump_if(architecture, 1, 0),
    statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    sock_filter{BPF_JMP | BPF_JGE | BPF_K, 0, 1, x32_bit},
    statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    jump_if(SYS_io_uring_setup, 7, 0),
    jump_if(SYS_ptrace, 6, 0),
    jump_if(SYS_process_vm_readv, 5, 0),
    jump_if(SYS_process_vm_writev, 4, 0),
    jump_if(SYS_socket, 0, 2),
    statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
    jump_if(AF_UNIX, 0, 1),
    statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    statement(BPF_RET | BPF_K, refused),
};

}  // namespace

Result<Sandbox> Sandbox::make(const Rules& rules) {
  const auto version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return Sandbox();
  const auto [handled, bytes] = handled_by(version);
  const auto made = ::syscall(SYS_landlock_create_ruleset, &handled, bytes, 0);
  if (made < 0)
    return fail(Errc::unavailable, "landlock: " + std::system_category().message(errno));
  Sandbox sandbox(static_cast<int>(made));
  for (const auto* path : system_paths) WAAG_CHECK(allow(sandbox.ruleset_, path, reads));
  WAAG_CHECK(allow_devices(sandbox.ruleset_));
  for (const auto& path : rules.readable) WAAG_CHECK(allow(sandbox.ruleset_, path, reads));
  for (const auto& path : rules.writable) WAAG_CHECK(allow(sandbox.ruleset_, path, handled.files));
  return sandbox;
}

Sandbox::Sandbox(Sandbox&& other) noexcept : ruleset_(std::exchange(other.ruleset_, -1)) {}

Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
  std::swap(ruleset_, other.ruleset_);
  return *this;
}

Sandbox::~Sandbox() {
  if (ruleset_ >= 0) ::close(ruleset_);
}

bool Sandbox::enter() const noexcept {
  if (ruleset_ >= 0 && ::syscall(SYS_landlock_restrict_self, ruleset_, 0) != 0) return false;
  auto code = filter;
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return true;
  return errno == EINVAL;  // built without it
}

}  // namespace waag::daemon
