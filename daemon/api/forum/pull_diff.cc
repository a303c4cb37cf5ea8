#include "daemon/api/forum/pull_diff.h"

#include "protocol/git/object.h"
#include "protocol/git/patch.h"

namespace waag::daemon {
namespace {

/// Reads the two sides of one file after the other within a common budget.
class Texts {
 public:
  explicit Texts(storage::Store& store) : store_(store) {}

  /// nullopt if it is too much, or binary.
  Result<std::optional<std::string>> read(const storage::FileVersion& file) {
    if (file.mode == git::mode_gitlink)
      return std::optional("Subproject commit " + file.id.hex() + "\n");
    std::optional<std::string> none;
    if (file.blob_bytes > diff_file_bytes_max || file.blob_bytes > left_) return none;
    left_ -= file.blob_bytes;
    WAAG_TRY(const auto reader, store_.open_git_blob(file.id));
    std::string text(reader->size_bytes(), '\0');
    for (std::size_t size = 0; size < text.size();) {
      const auto rest = std::as_writable_bytes(std::span(text)).subspan(size);
      WAAG_TRY(const auto got, reader->read(size, rest));
      if (got == 0) return fail(Errc::corrupt, "a blob ends early");
      size += got;
    }
    if (git::is_binary(text)) return none;
    return std::optional(std::move(text));
  }

 private:
  storage::Store& store_;
  std::uint64_t left_ = diff_bytes_max;
};

/// @param text  keeps what the side shows
Result<std::optional<git::PatchSide>> side_of(Texts& texts,
                                              const std::optional<storage::FileVersion>& file,
                                              std::optional<std::string>& text) {
  if (!file) return std::optional<git::PatchSide>{};
  WAAG_TRY(text, texts.read(*file));
  git::PatchSide side{file->mode, file->id, std::nullopt};
  if (text) side.text = *text;
  return std::optional(side);
}

}  // namespace

Result<std::string> pull_diff(storage::Store& store,
                              const std::vector<storage::FileChange>& changes) {
  std::string diff;
  Texts texts(store);
  for (const auto& change : changes) {
    std::optional<std::string> old_text;
    std::optional<std::string> new_text;
    WAAG_TRY(const auto before, side_of(texts, change.before, old_text));
    WAAG_TRY(const auto after, side_of(texts, change.after, new_text));
    diff += git::format_patch(change.path, before, after);
  }
  return diff;
}

}  // namespace waag::daemon
