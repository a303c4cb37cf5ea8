#include "convert/source/weight_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waag::convert {
namespace {

namespace fs = std::filesystem;

Error bad(const std::string& file, const std::string& what) {
  return fail(Errc::unprocessable, file + ": " + what);
}

/// Where `name` leads to once links are followed.
Result<fs::path> resolve(const fs::path& folder, const std::string& name) {
  std::error_code ec;
  const auto root = fs::canonical(folder, ec);
  if (ec) return fail(Errc::not_found, folder.string() + ": " + ec.message());
  auto real = fs::canonical(root / name, ec);
  if (ec == std::errc::no_such_file_or_directory)
    return fail(Errc::not_found, name + ": no such file");
  if (ec) return bad(name, ec.message());
  const auto [end_of_root, rest] =
      std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  if (end_of_root != root.end()) return bad(name, "a symbolic link out of the folder");
  return real;
}

}  // namespace

bool is_base_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return std::ranges::none_of(name, [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

Result<std::shared_ptr<const WeightFile>> WeightFile::open(const fs::path& folder,
                                                           const std::string& name) {
  if (!is_base_name(name)) return bad(name, "not a plain file name");
  WAAG_TRY(const fs::path real, resolve(folder, name));
  // O_NONBLOCK: a pipe without a writer would block here.
  const int descriptor = ::open(real.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return bad(name, std::strerror(errno));
  const std::shared_ptr<WeightFile> file(new WeightFile(descriptor, name));
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return bad(name, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return bad(name, "not a regular file");
  file->size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  return std::shared_ptr<const WeightFile>(file);
}

WeightFile::~WeightFile() { ::close(descriptor_); }

Status WeightFile::read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  std::uint64_t end = 0;
  if (__builtin_add_overflow(offset_bytes, out.size(), &end) || end > size_bytes_)
    return bad(name_, "ends early");
  while (!out.empty()) {
    const auto got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset_bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::unavailable, name_ + ": " + std::strerror(errno));
    if (got == 0) return bad(name_, "ends early");
    out = out.subspan(static_cast<std::size_t>(got));
    offset_bytes += static_cast<std::uint64_t>(got);
  }
  return ok();
}

Result<std::string> read_small_file(const fs::path& folder, const std::string& name,
                                    std::uint64_t bytes_max) {
  WAAG_TRY(const auto file, WeightFile::open(folder, name));
  if (file->size_bytes() > bytes_max) return bad(name, "larger than such a file may be");
  std::string text(static_cast<std::size_t>(file->size_bytes()), '\0');
  WAAG_CHECK(file->read_at(0, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace waag::convert
