#include "daemon/auth/secrets/secret_file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waag::daemon {
namespace {

constexpr std::size_t secret_bytes_max = 4096;

class Fd {
 public:
  Fd(const std::filesystem::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error from_errno(const char* what, int code) {
  const auto errc = code == EEXIST   ? Errc::conflict
                    : code == ENOSPC ? Errc::no_space
                                     : Errc::internal;
  return fail(errc, std::string(what) + ": " + std::strerror(code));
}

Status write_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const auto wrote = ::write(fd, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return from_errno("cannot write a secret file", errno);
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return ok();
}

Status check_owner_only(int fd, const std::filesystem::path& path) {
  constexpr mode_t others = S_IRWXG | S_IRWXO;
  struct stat info{};
  if (::fstat(fd, &info) != 0) return from_errno("cannot look at a secret file", errno);
  if ((info.st_mode & others) == 0) return ok();
  return fail(Errc::corrupt, path.string() + " is open to others than its owner: chmod 600");
}

Status sync_folder(const std::filesystem::path& folder) {
  const Fd dir(folder, O_RDONLY | O_DIRECTORY);
  if (!dir || ::fsync(dir.get()) != 0) return from_errno("cannot sync the data folder", errno);
  return ok();
}

}  // namespace

Result<std::optional<std::string>> read_secret_file(const std::filesystem::path& path,
                                                    Readers readers) {
  const Fd file(path, O_RDONLY | O_NOFOLLOW);
  if (!file && errno == ENOENT) return std::optional<std::string>{};
  if (!file) return from_errno("cannot open a secret file", errno);
  if (readers == Readers::owner_only) WAAG_CHECK(check_owner_only(file.get(), path));
  std::array<char, secret_bytes_max + 1> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return from_errno("cannot read a secret file", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > secret_bytes_max) return fail(Errc::invalid_argument, "secret file too long");
  return std::optional<std::string>(std::string(buffer.data(), size));
}

Status write_secret_file(const std::filesystem::path& path, const std::string& content) {
  auto draft = path;
  draft += ".new";
  ::unlink(draft.c_str());  // of a start that was cut off
  {
    const Fd file(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!file) return from_errno("cannot create a secret file", errno);
    WAAG_CHECK(write_all(file.get(), content));
    if (::fsync(file.get()) != 0) return from_errno("cannot sync a secret file", errno);
  }
  // link, not rename: an existing file is never replaced.
  const int linked = ::link(draft.c_str(), path.c_str());
  const int code = errno;
  ::unlink(draft.c_str());
  if (linked != 0) return from_errno("cannot publish a secret file", code);
  return sync_folder(path.parent_path());
}

}  // namespace waag::daemon
