#include "storage/repo/data_folder.h"

#include <algorithm>
#include <cerrno>

#include <sys/file.h>

namespace waag::storage {
namespace {

constexpr std::string_view magic = "waag store\nversion ";
constexpr std::string_view version = "1";
constexpr std::size_t store_id_bytes = 16;
constexpr std::size_t format_bytes_max = 4096;

/// What may lie in a folder that becomes a store: our own unfinished beginnings, and what a file
/// system or the daemon puts there before the store is opened.
bool is_harmless(std::string_view name) {
  return name == "LOCK" || name == "FORMAT.new" || name == "lost+found" || name == "admin.token";
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::open(FileSystem& fs, Random& random,
                                                     const std::filesystem::path& path) {
  WAAG_CHECK(fs.create_dir(path));
  std::unique_ptr<DataFolder> folder(new DataFolder(fs, path));
  // A foreign folder is refused before a file is made in it.
  if (!fs.exists(path / "FORMAT")) {
    WAAG_TRY(const auto names, fs.list(path));
    const auto foreign = std::ranges::find_if_not(names, is_harmless);
    if (foreign != names.end())
      return fail(Errc::invalid_argument, path.string() + " holds \"" + *foreign +
                                              "\" and no FORMAT: not the folder of a store");
  }
  WAAG_CHECK(folder->take_lock());
  WAAG_CHECK(folder->check_format(random));
  WAAG_CHECK(folder->make_folders());
  return folder;
}

Status DataFolder::take_lock() {
  const auto name = path_ / "LOCK";
  if (!fs_.exists(name)) {
    // Another process may make it at the same moment: then the open below finds it.
    const auto made = fs_.open(name, OpenMode::create_new);
    if (!made && !fs_.exists(name)) return made.error();
  }
  WAAG_TRY(lock_, fs_.open(name, OpenMode::write));
  if (lock_->descriptor() < 0) return ok();  // a file system in memory has no second process
  if (::flock(lock_->descriptor(), LOCK_EX | LOCK_NB) == 0) return ok();
  if (errno == EWOULDBLOCK)
    return fail(Errc::conflict, path_.string() + " is in use by another process");
  return fail(Errc::unavailable,
              path_.string() + " cannot be locked: its file system has no flock");
}

Status DataFolder::check_format(Random& random) {
  if (fs_.exists(path_ / "FORMAT")) return read_format();
  return write_format(random);
}

Status DataFolder::read_format() {
  WAAG_TRY(const auto file, fs_.open(path_ / "FORMAT", OpenMode::read));
  Bytes bytes(format_bytes_max);
  WAAG_TRY(const auto got, file->read(0, bytes));
  std::string_view text = as_text(std::span(bytes).first(got));
  const auto refuse = [this](const std::string& why) {
    return fail(Errc::invalid_argument, (path_ / "FORMAT").string() + why);
  };
  if (!text.starts_with(magic)) return refuse(" is not the mark of a store");
  text.remove_prefix(magic.size());
  const auto line_end = std::min(text.find('\n'), text.size());
  if (text.substr(0, line_end) != version)
    return refuse(" says version " + std::string(text.substr(0, line_end)) +
                  "; this program knows version " + std::string(version) + " only");
  text.remove_prefix(line_end);
  constexpr std::string_view id_key = "\nid ";
  std::array<std::byte, store_id_bytes> id{};
  if (!text.starts_with(id_key) || !text.ends_with('\n') ||
      !from_hex(text.substr(id_key.size(), text.size() - id_key.size() - 1), id))
    return refuse(" has no store id");
  store_id_ = to_hex(id);
  return ok();
}

Status DataFolder::write_format(Random& random) {
  std::array<std::byte, store_id_bytes> id{};
  random.fill(id);
  store_id_ = to_hex(id);
  const auto text = std::string(magic).append(version) + "\nid " + store_id_ + "\n";
  const auto unfinished = path_ / "FORMAT.new";
  if (fs_.exists(unfinished)) WAAG_CHECK(fs_.remove(unfinished));
  {
    WAAG_TRY(const auto file, fs_.open(unfinished, OpenMode::create_new));
    WAAG_CHECK(file->write(0, as_bytes(text)));
    WAAG_CHECK(file->sync());
  }
  // The folder's own name must last too, else an acknowledged write could vanish with it: before
  // the mark is there, as whoever finds the mark asks no more.
  const auto parent = std::filesystem::absolute(path_).lexically_normal().parent_path();
  WAAG_CHECK(fs_.sync_dir(parent));
  WAAG_CHECK(fs_.rename(unfinished, path_ / "FORMAT"));
  return fs_.sync_dir(path_);
}

Status DataFolder::make_folders() {
  for (const auto* name : {"journal", "packs", "index", "fills", "jobs", "scratch"})
    WAAG_CHECK(fs_.create_dir(path_ / name));
  // A push ends with its process, other bytes in scratch may go on.
  WAAG_TRY(const auto names, fs_.list(scratch()));
  for (const auto& name : names)
    if (name.starts_with(push_prefix)) WAAG_CHECK(fs_.remove(scratch() / name));
  return fs_.sync_dir(path_);
}

}  // namespace waag::storage
