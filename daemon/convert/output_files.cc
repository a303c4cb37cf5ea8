#include "daemon/convert/output_files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/model/gguf_header.h"
#include "protocol/model/safetensors_header.h"

namespace waag::daemon {
namespace {

constexpr std::size_t block_bytes = 4u << 20;
/// Holds the header of most GGUF files without a large vocabulary.
constexpr std::uint64_t gguf_first_bytes = 1u << 20;

Error bad(std::string_view path, const std::string& what) {
  return fail(Errc::unprocessable, "the converter's " + std::string(path) + ": " + what);
}

/// Step by step, so that no folder on the way is a link.
Result<int> open_below(const std::filesystem::path& folder, std::string_view path) {
  int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (auto rest = path; at >= 0;) {
    const auto slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    const bool last = slash == rest.npos;
    // Not blocking: a pipe of that name would wait for its writer.
    const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
    const int next = ::openat(at, name.c_str(), flags);
    const int code = errno;
    ::close(at);
    if (next < 0) return bad(path, std::system_category().message(code));
    if (last) return next;
    at = next;
    rest.remove_prefix(slash + 1);
  }
  return fail(Errc::unavailable, "cannot open " + folder.string());
}

Result<Bytes> read_front(const OutputFile& file, std::uint64_t bytes) {
  Bytes front(static_cast<std::size_t>(std::min(bytes, file.size_bytes())));
  WAAG_CHECK(file.read(0, front));
  return front;
}

Status check_gguf(const OutputFile& file) {
  for (auto wanted = gguf_first_bytes;;) {
    WAAG_TRY(const auto front, read_front(file, wanted));
    WAAG_TRY(const auto parsed, model::parse_gguf_header(front, file.size_bytes()));
    if (std::holds_alternative<model::GgufHeader>(parsed)) return ok();
    wanted = std::get<model::GgufNeedsBytes>(parsed).prefix_bytes;
  }
}

Status check_safetensors(const OutputFile& file) {
  WAAG_TRY(const auto length, read_front(file, model::safetensors_length_bytes));
  WAAG_TRY(const auto wanted, model::safetensors_header_bytes(length));
  WAAG_TRY(const auto front, read_front(file, wanted));
  WAAG_TRY(const auto header, model::parse_safetensors_header(front, file.size_bytes()));
  if (header.tensors.empty()) return fail(Errc::unprocessable, "no tensors");
  return ok();
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::filesystem::path& folder, std::string_view path) {
  WAAG_TRY(const int fd, open_below(folder, path));
  OutputFile file(fd, 0);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return bad(path, std::system_category().message(errno));
  if (!S_ISREG(status.st_mode)) return bad(path, "no regular file");
  if (status.st_nlink != 1) return bad(path, "a file with two names");
  file.size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_bytes_(other.size_bytes_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

OutputFile::~OutputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status OutputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::unavailable, std::system_category().message(errno));
    if (got == 0) return fail(Errc::unprocessable, "a file of the converter's became shorter");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return ok();
}

Status OutputFile::read_all(const std::function<Status(ByteView)>& take) const {
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, size_bytes_)));
  for (std::uint64_t at = 0; at < size_bytes_;) {
    const auto count = std::min<std::uint64_t>(block.size(), size_bytes_ - at);
    const auto part = std::span(block).first(static_cast<std::size_t>(count));
    WAAG_CHECK(read(at, part));
    WAAG_CHECK(take(part));
    at += count;
  }
  return ok();
}

Status check_output(const OutputFile& file, const ConverterFile& said) {
  if (file.size_bytes() != said.size_bytes)
    return bad(said.path, "has " + std::to_string(file.size_bytes()) + " bytes, not " +
                              std::to_string(said.size_bytes));
  Status checked = ok();
  if (said.path.ends_with(".gguf")) checked = check_gguf(file);
  if (said.path.ends_with(".safetensors")) checked = check_safetensors(file);
  return checked ? checked : Status(bad(said.path, checked.error().what));
}

}  // namespace waag::daemon
