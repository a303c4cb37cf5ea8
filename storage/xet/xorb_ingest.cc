#include "storage/xet/xorb_ingest.h"

#include <utility>

#include "protocol/xet/xorb_stream.h"
#include "storage/intake/chunk_placer.h"

namespace waag::storage {
namespace {

/// What becomes one group of a pack: raw bytes of chunks, copied together as they are decoded.
constexpr std::size_t group_bytes_max = 1u << 20;

class XorbIngestImpl final : public XorbIngest {
 public:
  XorbIngestImpl(RowStore& rows, PackSet& packs, const XorbHash& promised)
      : placer_(rows, packs), promised_(promised) {}

  Status write(ByteView bytes) override {
    if (failed_) return *failed_;
    auto status = stream_.feed(bytes, sink_);
    if (!status) failed_ = status.error();
    return status;
  }

  Result<IngestedXorb> finish() override {
    if (failed_) return *failed_;
    failed_ = fail(Errc::internal, "xorb was finished already");
    WAAG_TRY(const auto xorb, stream_.finish());
    if (xorb.hash != promised_)
      return fail(Errc::unprocessable,
                  "xorb is " + xet::xet_string(xorb.hash) + ", not " + xet::xet_string(promised_));
    WAAG_CHECK(place());
    std::vector<xet::HashedLength> chunks;
    chunks.reserve(xorb.chunks.size());
    for (const auto& chunk : xorb.chunks) chunks.push_back({chunk.hash, chunk.header.raw_bytes});
    IngestedXorb done;
    WAAG_TRY(done.was_inserted, placer_.add_xorb(xorb.hash, chunks, std::move(places_.runs)));
    WAAG_CHECK(placer_.publish());
    done.raw_bytes = xorb.raw_bytes;
    done.new_bytes = placer_.new_bytes();
    done.stored_bytes = placer_.stored_bytes();
    return done;
  }

 private:
  /// Keeps the chunk for the group that is being gathered.
  Status take(const xet::XorbChunk& chunk, ByteView raw) {
    if (!group_) group_ = std::make_unique_for_overwrite<std::byte[]>(group_bytes_max);
    if (group_bytes_ + raw.size() > group_bytes_max) WAAG_CHECK(place());
    std::byte* const at = group_.get() + group_bytes_;
    std::memcpy(at, raw.data(), raw.size());
    chunks_.push_back({chunk.hash, raw_bytes_, {at, raw.size()}});
    group_bytes_ += raw.size();
    raw_bytes_ += raw.size();
    return ok();
  }

  Status place() {
    WAAG_TRY(const auto places, placer_.place(chunks_, describe_));
    for (const auto& at : places) places_.add(at);
    chunks_.clear();
    group_bytes_ = 0;
    return ok();
  }

  ChunkPlacer placer_;
  XorbHash promised_;
  std::optional<Error> failed_;
  xet::XorbStream stream_;
  CodecProbe probe_;
  std::unique_ptr<std::byte[]> group_;
  std::size_t group_bytes_ = 0;
  std::uint64_t raw_bytes_ = 0;  // of the chunks so far
  std::vector<ChunkIn> chunks_;  // in the group
  RunBuilder places_;
  const xet::ChunkSink sink_ = [this](const xet::XorbChunk& chunk, ByteView raw) {
    return take(chunk, raw);
  };
  const ChunkPlacer::Describe describe_ = [this](const ChunkIn& chunk) {
    RecordIn record;
    record.codec = probe_.choose(chunk);
    return record;
  };
};

}  // namespace

std::unique_ptr<XorbIngest> begin_xorb_ingest(RowStore& rows, PackSet& packs,
                                              const XorbHash& promised) {
  return std::make_unique<XorbIngestImpl>(rows, packs, promised);
}

}  // namespace waag::storage
