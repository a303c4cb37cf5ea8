#include "storage/meta/row_store.h"
#include "storage/repo/data_folder.h"
#include "storage/store.h"

namespace waag::storage {

Status rebuild_index(FileSystem& fs, const std::filesystem::path& data) {
  if (!fs.exists(data / "FORMAT"))
    return fail(Errc::not_found, data.string() + " is not the folder of a store");
  // Holds the lock until the new index stands.
  WAAG_TRY(const auto folder, DataFolder::open(fs, system_random(), data));
  // The index is RocksDB's own files, past the seam: so is their removal.
  std::error_code error;
  std::filesystem::remove_all(data / "index", error);
  if (error) return fail(Errc::unavailable, "cannot remove the index: " + error.message());
  WAAG_TRY(const auto packs, PackSet::open(fs, system_random(), folder->packs(), {}));
  RowStore::Options options;
  options.data = data;
  WAAG_TRY(const auto rows, RowStore::open(fs, *packs, options));
  WAAG_CHECK(rows->close());
  return packs->close();
}

}  // namespace waag::storage
