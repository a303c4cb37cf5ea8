#include "cli/cert/file_looks.h"

#include <algorithm>
#include <ostream>

#include <boost/json/object.hpp>

#include "cli/import/source.h"
#include "protocol/hash.h"
#include "protocol/utf8.h"

namespace waag::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds bar_period{100};

std::optional<std::string> other_size(std::uint64_t is, const certificate::File& file) {
  if (is == file.size_bytes) return std::nullopt;
  return "has " + std::to_string(is) + " bytes, not " + std::to_string(file.size_bytes);
}

std::optional<std::string> other_bytes(const BlobId& is, const certificate::File& file) {
  if (is == file.sha256) return std::nullopt;
  return "its SHA-256 is " + is.hex() + ", not " + file.sha256.hex();
}

}  // namespace

std::optional<std::string> LookInRepo::operator()(const certificate::File& file) {
  const auto found = repo_.files().find(file.path);
  if (found == repo_.files().end()) return "is not in the repo";
  const auto& is = found->second;
  if (auto problem = other_size(is.size_bytes, file)) return problem;
  if (is.lfs) return other_bytes(*is.lfs, file);
  Sha256 hash;
  const auto failed = repo_.read(file.path, [&hash](std::string_view bytes) {
    hash.update(as_bytes(bytes));
    return true;
  });
  if (failed) {
    failure_ = failed;
    return failed->text;
  }
  return other_bytes(hash.finish(), file);
}

LookInFolder::LookInFolder(const Context& context, fs::path folder, const std::vector<Checked>& all)
    : context_(context), folder_(std::move(folder)) {
  for (const auto& checked : all)
    if (checked.certificate)
      for (const auto& file : checked.certificate->output_files) total_bytes_ += file.size_bytes;
}

/// Links are followed: a Hugging Face cache is made of them.
std::optional<std::string> LookInFolder::operator()(const certificate::File& file) {
  const auto path = folder_ / file.path;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "is not in " + folder_.string();
  const auto size = fs::file_size(path, error);
  if (error) return "cannot be read";
  if (auto problem = other_size(size, file)) return problem;
  const auto hash = sha256_of(path, [&](std::size_t bytes) {
    done_bytes_ += bytes;
    show(file.path);
  });
  if (!hash) return "cannot be read";
  return other_bytes(*hash, file);
}

void LookInFolder::show(const std::string& note) {
  if (context_.json || context_.world.columns == 0) return;
  const auto now = context_.world.now();
  if (bar_shown_ && now - shown_ < bar_period) return;
  shown_ = now;
  bar_shown_ = true;
  progress_.update(
      boost::json::object{{"doneBytes", done_bytes_}, {"totalBytes", total_bytes_}, {"note", note}},
      now);
  context_.world.out << '\r' << progress_.bar(context_.world.columns - 1) << "\x1b[K" << std::flush;
}

void LookInFolder::end_line() {
  if (bar_shown_) context_.world.out << "\r\x1b[K" << std::flush;
  bar_shown_ = false;
}

bool is_weights(std::string_view path) {
  return path.ends_with(".gguf") || path.ends_with(".safetensors");
}

Result<std::vector<std::string>> weights_in(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    auto path = at->path().lexically_relative(folder).generic_string();
    std::error_code unreadable;
    if (!is_weights(path) || !at->is_regular_file(unreadable)) continue;
    if (!is_utf8(path))
      return fail(Errc::invalid_argument, "a name that is no UTF-8: " + at->path().string());
    paths.push_back(std::move(path));
  }
  if (error)
    return fail(Errc::unavailable, "cannot list " + folder.string() + ": " + error.message());
  std::ranges::sort(paths);
  return paths;
}

}  // namespace waag::cli
