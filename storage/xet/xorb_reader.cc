#include "storage/xet/xorb_reader.h"

#include <algorithm>

#include "protocol/xet/xorb.h"
#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

/// Puts headers between the raw bytes that a reader of the xorb's chunks has.
class XorbReader final : public BlobReader {
 public:
  XorbReader(std::unique_ptr<BlobReader> raw, const XorbRow& row) : raw_(std::move(raw)) {
    wire_begins_.reserve(row.chunks.size() + 1);
    wire_begins_.push_back(0);
    for (const auto& chunk : row.chunks)
      wire_begins_.push_back(wire_begins_.back() + xet::wire_chunk_bytes(chunk.raw_bytes));
  }

  std::uint64_t size_bytes() const override { return wire_begins_.back(); }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    for (auto chunk = chunk_at(offset); done < out.size() && chunk + 1 < wire_begins_.size();
         ++chunk) {
      const auto skip = static_cast<std::size_t>(offset + done - wire_begins_[chunk]);
      WAAG_TRY(const auto part, read_chunk(chunk, skip, out.subspan(done)));
      done += part;
    }
    return done;
  }

  Result<std::optional<RawRun>> raw_run(std::uint64_t, std::uint64_t) override {
    return std::optional<RawRun>();  // the headers are nowhere on disk
  }

 private:
  /// The chunk that holds `offset`; one past the last if it is at the end.
  [[nodiscard]] std::size_t chunk_at(std::uint64_t offset) const {
    const auto after = std::ranges::upper_bound(wire_begins_, offset);
    return static_cast<std::size_t>(after - wire_begins_.begin()) - 1;
  }

  /// Its bytes from `skip` on, as many as there is room for.
  Result<std::size_t> read_chunk(std::size_t chunk, std::size_t skip, std::span<std::byte> out) {
    constexpr auto header_bytes = xet::chunk_header_bytes;
    const auto wire = static_cast<std::size_t>(wire_begins_[chunk + 1] - wire_begins_[chunk]);
    const auto raw_bytes = wire - header_bytes;
    std::size_t done = 0;
    if (skip < header_bytes) {
      const auto header = xet::wire_chunk_header(static_cast<std::uint32_t>(raw_bytes));
      done = std::min(header_bytes - skip, out.size());
      std::memcpy(out.data(), header.data() + skip, done);
    }
    const auto raw_skip = std::max(skip, header_bytes) - header_bytes;
    const auto part = std::min(raw_bytes - raw_skip, out.size() - done);
    if (part == 0) return done;
    const auto raw_begin = wire_begins_[chunk] - chunk * header_bytes;
    WAAG_TRY(const auto got, raw_->read(raw_begin + raw_skip, out.subspan(done, part)));
    if (got != part) return fail(Errc::corrupt, "xorb ends early");
    return done + part;
  }

  std::unique_ptr<BlobReader> raw_;
  std::vector<std::uint64_t> wire_begins_;  // one more than chunks: the last is the xorb's end
};

}  // namespace

Result<std::unique_ptr<BlobReader>> open_xorb(RowStore& rows, PackSet& packs,
                                              const XorbHash& xorb) {
  WAAG_TRY(const auto row, get_row(rows, keys::xorb(xorb), decode_xorb));
  if (!row) return fail(Errc::not_found, "xorb " + xorb.hex() + " is not in the store");
  std::uint64_t raw_bytes = 0;
  for (const auto& chunk : row->chunks) raw_bytes += chunk.raw_bytes;
  const Term whole{xorb, 0, static_cast<std::uint32_t>(row->chunks.size()), raw_bytes};
  auto raw = open_terms(rows, packs, raw_bytes, {whole});
  return std::unique_ptr<BlobReader>(std::make_unique<XorbReader>(std::move(raw), *row));
}

}  // namespace waag::storage
