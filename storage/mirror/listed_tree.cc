#include "storage/mirror/listed_tree.h"

#include "storage/git/tree_edit.h"
#include "storage/meta/keys.h"

namespace waag::storage {
namespace {

/// The pointer's blob, checked: its id is what others will find it by.
Status add_pointer(const ListedFile& file, ObjectWriter& objects, std::vector<Row>& rows) {
  const auto text =
      file.pointer.empty() ? lfs::serialize_pointer({*file.lfs, file.size_bytes}) : file.pointer;
  const auto pointer = lfs::parse_pointer(as_bytes(text));
  if (!pointer || pointer->oid != *file.lfs || pointer->size_bytes != file.size_bytes)
    return fail(Errc::unprocessable, "\"" + file.path + "\": its pointer names another file");
  WAAG_TRY(const auto id, objects.add(git::ObjectKind::blob, text));
  if (id != file.oid)
    return fail(Errc::unprocessable, "\"" + file.path + "\": its pointer has another id");
  const LfsPointerRow row{pointer->oid, pointer->size_bytes,
                          static_cast<std::uint32_t>(text.size())};
  rows.push_back({keys::lfs_pointer(id), encode(row)});
  return ok();
}

}  // namespace

Result<ListedTree> build_listed_tree(ObjectCache& cache, std::uint64_t uid,
                                     const std::vector<ListedFile>& files,
                                     const std::function<Result<bool>(const ListedFile&)>& proven,
                                     ObjectWriter& objects) {
  ListedTree listed;
  TreeEdit tree(cache, std::nullopt);
  for (const auto& file : files) {
    const auto content = file.lfs ? TreeEdit::Content::lfs_pointer : TreeEdit::Content::file;
    WAAG_CHECK(tree.put(file.path, file.oid, content));
    if (file.lfs) {
      WAAG_CHECK(add_pointer(file, objects, listed.rows));
      continue;
    }
    WAAG_TRY(const bool here, proven(file));
    if (here) continue;
    listed.rows.push_back({keys::listed_size(file.oid), encode_counter(file.size_bytes)});
    listed.rows.push_back({keys::unproven(uid, file.oid), plain_row()});
  }
  WAAG_TRY(listed.root, tree.write(objects));
  return listed;
}

}  // namespace waag::storage
