#include "storage/xet/dedup_answer.h"

#include <algorithm>
#include <unordered_map>

#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

/// A xorb, and which of its chunks the blob consists of.
struct Visible {
  XorbHash hash;
  XorbRow row;
  std::vector<bool> chunks;
};

/// A hash that no chunk has: of the xorb's name and the chunk's number, under a key that names
/// inner nodes.
ChunkHash mask(const XorbHash& xorb, std::size_t index) {
  ChunkHash hash{xorb.bytes};
  for (std::size_t i = 0; i < sizeof index; ++i)
    hash.bytes[i] ^= static_cast<std::byte>(index >> (8 * i));
  return xet::keyed_hash(hash, xet::internal_node_key);
}

/// Gives the hidden chunks of [first, last) masks, and equal parts of their bytes.
void hide(const Visible& xorb, std::size_t first, std::size_t last, xet::ShardXorb& listed) {
  std::uint64_t bytes = 0;
  for (auto i = first; i < last; ++i) bytes += xorb.row.chunks[i].raw_bytes;
  for (auto i = first; i < last; ++i) {
    const auto part = static_cast<std::uint32_t>(bytes / (last - i));
    listed.chunks.push_back({mask(xorb.hash, i), listed.raw_bytes, part, false});
    listed.raw_bytes += part;
    bytes -= part;
  }
}

xet::ShardXorb list(const Visible& xorb) {
  xet::ShardXorb listed;
  listed.hash = xorb.hash;
  const auto count = xorb.row.chunks.size();
  listed.chunks.reserve(count);
  for (std::size_t i = 0; i < count;) {
    if (xorb.chunks[i]) {
      const auto& chunk = xorb.row.chunks[i++];
      listed.chunks.push_back({chunk.hash, listed.raw_bytes, chunk.raw_bytes, false});
      listed.raw_bytes += chunk.raw_bytes;
      continue;
    }
    auto last = i;
    while (last < count && !xorb.chunks[last]) ++last;
    hide(xorb, i, last, listed);
    i = last;
  }
  return listed;
}

}  // namespace

Result<std::vector<xet::ShardXorb>> xorbs_for_answer(const RowStore& rows,
                                                     const BlobManifest& manifest,
                                                     const ChunkHash& chunk) {
  std::vector<Visible> found;
  std::unordered_map<XorbHash, std::size_t> places;  // in `found`
  bool begun = false;
  for (const auto& term : manifest.terms) {
    auto place = places.find(term.xorb);
    if (place == places.end()) {
      if (begun && found.size() == answer_xorbs_max) continue;
      WAAG_TRY(auto row, get_row(rows, keys::xorb(term.xorb), decode_xorb));
      if (!row) return fail(Errc::corrupt, "blob names a xorb that is not there");
      const auto chunks = row->chunks.size();
      if (!begun) {  // what lies before the chunk is not wanted
        found.clear();
        places.clear();
      }
      place = places.emplace(term.xorb, found.size()).first;
      found.push_back({term.xorb, *std::move(row), std::vector<bool>(chunks)});
    }
    auto& xorb = found[place->second];
    const auto end = std::uint64_t{term.first_chunk} + term.chunks;
    if (end > xorb.row.chunks.size()) return fail(Errc::corrupt, "term past the end of its xorb");
    for (std::size_t i = term.first_chunk; i < end; ++i) {
      xorb.chunks[i] = true;
      begun = begun || xorb.row.chunks[i].hash == chunk;
    }
  }
  if (!begun) return fail(Errc::not_found, "the blob does not have the chunk");
  std::vector<xet::ShardXorb> listed;
  listed.reserve(found.size());
  for (const auto& xorb : found) listed.push_back(list(xorb));
  return listed;
}

}  // namespace waag::storage
