#include "convert/io/output_folder.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/io/descriptor.h"

namespace waag::convert {
namespace {

Error failed(const std::string& what, const std::filesystem::path& path, int error) {
  const auto code = error == ENOSPC || error == EDQUOT ? Errc::no_space : Errc::unavailable;
  return fail(code, what + " " + path.filename().string() + ": " + std::strerror(error));
}

Status sync_folder(const std::filesystem::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return failed("sync of", folder, errno);
  return ok();
}

class PosixOutputFile final : public OutputFile {
 public:
  PosixOutputFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset_bytes, ByteView bytes) override {
    while (!bytes.empty()) {
      const auto count =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("write to", path_, errno);
      offset_bytes += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return ok();
  }

  Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) override {
    while (!out.empty()) {
      const auto count =
          ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset_bytes));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("read of", path_, errno);
      if (count == 0)
        return fail(Errc::unavailable, "read of " + path_.filename().string() + " ended early");
      offset_bytes += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
    return ok();
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed("stat of", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Status truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0)
      return failed("truncate of", path_, errno);
    return ok();
  }

  Status sync() override {
    if (::fdatasync(fd_.get()) != 0) return failed("sync of", path_, errno);
    return ok();
  }

 private:
  Descriptor fd_;
  std::filesystem::path path_;
};

class PosixOutputFolder final : public OutputFolder {
 public:
  explicit PosixOutputFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Result<std::unique_ptr<OutputFile>> open(const std::string& name) override {
    if (!is_plain_path(name))
      return fail(Errc::invalid_argument, "not a path below the output: " + name);
    const auto path = folder_ / name;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return failed("making the folder of", path, error.value());
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return failed("open of", path, errno);
    return std::unique_ptr<OutputFile>(std::make_unique<PosixOutputFile>(fd, path));
  }

  [[nodiscard]] bool exists(const std::string& name) const override {
    std::error_code error;
    return std::filesystem::is_regular_file(folder_ / name, error);
  }

  Status rename(const std::string& from, const std::string& to) override {
    const auto target = folder_ / to;
    if (::rename((folder_ / from).c_str(), target.c_str()) != 0)
      return failed("rename of", folder_ / from, errno);
    return sync_folder(target.parent_path());
  }

  Status remove(const std::string& name) override {
    if (::unlink((folder_ / name).c_str()) != 0 && errno != ENOENT)
      return failed("removal of", folder_ / name, errno);
    return ok();
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<OutputFolder> posix_output_folder(std::filesystem::path folder) {
  return std::make_unique<PosixOutputFolder>(std::move(folder));
}

bool is_plain_path(std::string_view name) {
  if (name.empty() || name.find('\0') != std::string_view::npos) return false;
  while (true) {
    const auto slash = std::min(name.find('/'), name.size());
    const auto part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == name.size()) return true;
    name.remove_prefix(slash + 1);
  }
}

}  // namespace waag::convert
