// The machine's own file system. Every call that a signal may cut short is repeated; nothing else
// is: a failed fdatasync is final (the kernel may have dropped the pages already), so it is only
// reported.
#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/os/file_system.h"

namespace waag::storage {
namespace {

constexpr mode_t file_mode = 0640;  // others must not read private repositories
constexpr mode_t dir_mode = 0750;

Error from_errno(int code, std::string_view what, const std::filesystem::path& path) {
  const auto errc = code == ENOSPC || code == EDQUOT ? Errc::no_space
                    : code == ENOENT                 ? Errc::not_found
                    : code == EEXIST                 ? Errc::conflict
                                                     : Errc::unavailable;
  return fail(
      errc, std::string(what) + " " + path.string() + ": " + std::system_category().message(code));
}

/// Calls `fn` again for as long as a signal interrupts it.
template <class Fn>
auto uninterrupted(Fn fn) {
  auto result = fn();
  while (result < 0 && errno == EINTR) result = fn();
  return result;
}

/// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor fd, std::filesystem::path path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto rest = out.subspan(done);
      const auto got = uninterrupted([&] {
        return ::pread(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
      });
      if (got < 0) return from_errno(errno, "read", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Status write(std::uint64_t offset, ByteView bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto rest = bytes.subspan(done);
      if (direct_ && !is_aligned(offset + done, rest)) set_direct(false);
      const auto put = uninterrupted([&] {
        return ::pwrite(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
      });
      if (put < 0 && errno == EINVAL && direct_) {  // this device wants more than we know
        set_direct(false);
        continue;
      }
      if (put < 0) return from_errno(errno, "write", path_);
      if (put == 0) return from_errno(EIO, "write", path_);
      done += static_cast<std::size_t>(put);
    }
    return ok();
  }

  void prefer_direct_writes() override { set_direct(true); }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return from_errno(errno, "fdatasync", path_);
    return ok();
  }

  Status truncate(std::uint64_t size_bytes) override {
    const auto size = static_cast<off_t>(size_bytes);
    if (uninterrupted([&] { return ::ftruncate(fd_.get(), size); }) != 0)
      return from_errno(errno, "truncate", path_);
    return ok();
  }

  Result<std::uint64_t> size() const override {
    struct stat about{};
    if (::fstat(fd_.get(), &about) != 0) return from_errno(errno, "stat", path_);
    return static_cast<std::uint64_t>(about.st_size);
  }

  int descriptor() const override { return fd_.get(); }

 private:
  static bool is_aligned(std::uint64_t offset, ByteView bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    return (offset | bytes.size() | address) % direct_block_bytes == 0;
  }

  /// Where the flag is refused (tmpfs of older kernels) writes stay as they are.
  void set_direct(bool on) {
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    const int wanted = on ? flags | O_DIRECT : flags & ~O_DIRECT;
    direct_ = flags >= 0 && ::fcntl(fd_.get(), F_SETFL, wanted) == 0 && on;
  }

  Descriptor fd_;
  std::filesystem::path path_;
  bool direct_ = false;
};

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::write:
      return O_RDWR;
    case OpenMode::create_new:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) override {
    Descriptor fd(uninterrupted(
        [&] { return ::open(path.c_str(), open_flags(mode) | O_CLOEXEC, file_mode); }));
    if (fd.get() < 0) return from_errno(errno, "open", path);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), path));
  }

  Status create_dir(const std::filesystem::path& path) override {
    if (::mkdir(path.c_str(), dir_mode) == 0) return ok();
    const int code = errno;
    struct stat about{};
    const bool is_dir = ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
    if (code == EEXIST && is_dir) return ok();
    return from_errno(code, "mkdir", path);
  }

  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return from_errno(errno, "rename", from);
    return ok();
  }

  Status remove(const std::filesystem::path& path) override {
    if (::remove(path.c_str()) != 0) return from_errno(errno, "remove", path);
    return ok();
  }

  Status sync_dir(const std::filesystem::path& path) override {
    const Descriptor fd(
        uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (fd.get() < 0) return from_errno(errno, "open", path);
    if (::fsync(fd.get()) != 0) return from_errno(errno, "fsync", path);
    return ok();
  }

  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(path, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
      names.push_back(entry->path().filename().string());
    if (error) return from_errno(error.value(), "list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::filesystem::path& path) const override {
    return ::access(path.c_str(), F_OK) == 0;
  }

  Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override {
    struct statvfs about{};
    if (uninterrupted([&] { return ::statvfs(path.c_str(), &about); }) != 0)
      return from_errno(errno, "statvfs", path);
    return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

}  // namespace waag::storage
