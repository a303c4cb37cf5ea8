#include "storage/xet/file_chunks.h"

#include <span>
#include <utility>

#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {

Result<FileChunks> file_chunks(const RowStore& rows, const BlobId& blob, std::uint64_t begin,
                               std::uint64_t end) {
  WAAG_TRY(const auto manifest, get_row(rows, keys::blob(blob), decode_manifest));
  if (!manifest) return fail(Errc::not_found, "blob " + blob.hex() + " is not in the store");
  FileChunks found;
  std::uint64_t at = 0;
  for (const auto& term : manifest->terms) {
    if (at >= end) break;
    const auto here = std::exchange(at, at + term.bytes);
    if (at <= begin) continue;
    WAAG_TRY(const auto row, get_row(rows, keys::xorb(term.xorb), decode_xorb));
    if (!row || row->chunks.size() < std::uint64_t{term.first_chunk} + term.chunks)
      return fail(Errc::corrupt, "blob names chunks that are not there");
    if (found.chunks.empty()) found.at = here;
    const auto some = std::span(row->chunks).subspan(term.first_chunk, term.chunks);
    found.chunks.insert(found.chunks.end(), some.begin(), some.end());
  }
  return found;
}

}  // namespace waag::storage
