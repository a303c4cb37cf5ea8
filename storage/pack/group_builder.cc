#include "storage/pack/group_builder.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "protocol/hash.h"

namespace waag::storage::pack {

void AlignedBuffer::Free::operator()(std::byte* memory) const noexcept {
  ::operator delete(memory, std::align_val_t{block_bytes});
}

std::span<std::byte> AlignedBuffer::reserve(std::size_t bytes) {
  if (bytes > bytes_) {
    memory_.reset();
    bytes_ = 0;
    memory_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{block_bytes})));
    bytes_ = bytes;
  }
  return {memory_.get(), bytes_};
}

std::uint64_t GroupBuilder::bytes_max(std::span<const RecordIn> records, PackClass kind) {
  std::uint64_t payload = 0;
  for (const auto& record : records) payload += record.raw.size();
  return align_up(payload_offset(static_cast<std::uint32_t>(records.size()), kind) + payload);
}

Status GroupBuilder::build(const PackHead& pack, std::uint32_t begin, std::uint32_t first_record,
                           std::span<const RecordIn> records) {
  assert(begin % block_bytes == 0);
  if (records.empty() || records.size() > group_records_max)
    return fail(Errc::invalid_argument, "group of no or too many records");
  for (const auto& record : records)
    if (record.raw.size() > record_bytes_max)
      return fail(Errc::invalid_argument, "record is too large for a pack");
  const auto room_bytes = bytes_max(records, pack.kind);
  if (begin + room_bytes > file_bytes_max)
    return fail(Errc::invalid_argument, "group is too large");

  const auto count = static_cast<std::uint32_t>(records.size());
  const auto room = buffer_.reserve(room_bytes);
  const auto payload_at = payload_offset(count, pack.kind);
  place_ = {begin, begin + payload_at, first_record, count, 0};
  entries_.clear();
  entries_.reserve(count);
  auto at = std::size_t{payload_at};
  for (const auto& record : records) {
    DirectoryEntry entry;
    WAAG_CHECK(put(record, room.subspan(at), entry));
    entry.at.pack = pack.pack;
    entry.at.record = first_record + static_cast<std::uint32_t>(entries_.size());
    entry.at.offset = begin + static_cast<std::uint32_t>(at);
    at += entry.at.stored_bytes;
    entries_.push_back(entry);
  }
  place_.payload_bytes = static_cast<std::uint32_t>(at - payload_at);
  const auto end = place_.end() - begin;
  std::fill(room.begin() + static_cast<std::ptrdiff_t>(at), room.begin() + end, std::byte{0});
  const auto directory = place_.directory_end() - begin;
  std::fill(room.begin() + directory, room.begin() + payload_at, std::byte{0});
  encode_group(pack.pack, place_, entries_, room.first(directory));
  bytes_ = room.first(end);
  return ok();
}

Status GroupBuilder::put(const RecordIn& record, std::span<std::byte> out, DirectoryEntry& entry) {
  entry.hash = record.hash;
  auto& at = entry.at;
  at.kind = record.kind;
  at.dtype = record.dtype;
  at.phase = record.phase;
  at.raw_bytes = static_cast<std::uint32_t>(record.raw.size());

  const auto stored = encoder_.encode(record.codec, record.raw, out.first(record.raw.size()));
  if (stored != 0) {
    at.codec = record.codec;
    at.stored_bytes = static_cast<std::uint32_t>(stored);
    at.crc = crc32c(out.first(stored));
    decoded_.resize(std::max(decoded_.size(), record.raw.size()));
    const auto back = std::span(decoded_).first(record.raw.size());
    WAAG_CHECK(decode(at.codec, out.first(stored), back));
    if (!std::equal(back.begin(), back.end(), record.raw.begin()))
      return fail(Errc::corrupt, "encoded record does not decode to what it was");
    return ok();
  }
  at.codec = Codec::raw;
  at.stored_bytes = at.raw_bytes;
  at.crc = crc32c(record.raw);
  if (!record.raw.empty()) std::memcpy(out.data(), record.raw.data(), record.raw.size());
  if (crc32c(out.first(record.raw.size())) != at.crc)
    return fail(Errc::corrupt, "record changed while it was copied");
  return ok();
}

}  // namespace waag::storage::pack
