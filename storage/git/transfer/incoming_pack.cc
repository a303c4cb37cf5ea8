#include "storage/git/transfer/incoming_pack.h"

#include <algorithm>

namespace waag::storage {
namespace {

using git::EntryKind;
using git::ObjectKind;

constexpr std::size_t block_bytes = 64 * 1024;
/// What of a delta says how large its result is.
constexpr std::size_t delta_start_bytes = 20;

Error bad(const std::string& what) { return fail(Errc::unprocessable, "pack: " + what); }

bool is_delta(EntryKind kind) {
  return kind == EntryKind::offset_delta || kind == EntryKind::id_delta;
}

}  // namespace

Result<std::unique_ptr<IncomingPack>> IncomingPack::begin(FileSystem& fs,
                                                          std::filesystem::path scratch,
                                                          PackLimits limits) {
  std::unique_ptr<IncomingPack> pack(new IncomingPack(fs, std::move(scratch), limits));
  WAAG_TRY(pack->file_, fs.open(pack->scratch_, OpenMode::create_new));
  pack->block_.resize(block_bytes);
  return pack;
}

IncomingPack::~IncomingPack() {
  if (!file_) return;
  file_.reset();
  const auto removed = fs_.remove(scratch_);
  (void)removed;  // a stray is removed when the store is opened again
}

Status IncomingPack::feed(ByteView bytes) {
  while (!bytes.empty()) {
    Result<std::size_t> taken = std::size_t{0};
    const auto before = state_;
    const bool keep = before != State::data || is_kept(entries_.back());
    switch (state_) {
      case State::head:
        taken = take_head(bytes);
        break;
      case State::entry_head:
        taken = take_entry_head(bytes);
        break;
      case State::data:
        taken = take_data(bytes);
        break;
      case State::trailer:
        taken = take_trailer(bytes);
        break;
      case State::end:
        return bad("bytes after its end");
    }
    if (!taken) return taken.error();
    const auto part = bytes.first(*taken);
    if (before != State::trailer) pack_hash_.update(part);
    // What is left out becomes a hole in the file.
    if (keep) WAAG_CHECK(file_->write(received_bytes_, part));
    received_bytes_ += part.size();
    bytes = bytes.subspan(part.size());
  }
  return ok();
}

Result<std::size_t> IncomingPack::take_head(ByteView bytes) {
  const auto part = std::min(bytes.size(), git::pack_head_bytes - held_.size());
  held_ += as_text(bytes.first(part));
  if (held_.size() < git::pack_head_bytes) return part;
  WAAG_TRY(expected_, git::parse_pack_head(as_bytes(held_)));
  if (expected_ > push_objects_max) return bad("too many objects: push in several steps");
  held_.clear();
  state_ = expected_ == 0 ? State::trailer : State::entry_head;
  return part;
}

Result<std::size_t> IncomingPack::take_entry_head(ByteView bytes) {
  const auto old = held_.size();
  entry_offset_ = received_bytes_ - old;
  held_ += as_text(bytes.first(std::min(bytes.size(), git::entry_head_bytes_max - old)));
  WAAG_TRY(const auto head, git::parse_entry_head(as_bytes(held_)));
  if (!head) {
    if (held_.size() == git::entry_head_bytes_max) return bad("no head of an entry");
    return held_.size() - old;
  }
  WAAG_CHECK(begin_entry(*head));
  held_.clear();
  state_ = State::data;
  return head->head_bytes - old;
}

Status IncomingPack::begin_entry(const git::EntryHead& head) {
  Entry entry;
  entry.offset = entry_offset_;
  entry.stored_bytes = head.size_bytes;
  entry.object_bytes = head.size_bytes;
  entry.head_bytes = static_cast<std::uint8_t>(head.head_bytes);
  entry.kind = head.kind;
  const auto at = static_cast<std::uint32_t>(entries_.size());
  if (head.kind == EntryKind::offset_delta) {
    if (head.base_distance > entry.offset) return bad("delta of something before the pack");
    const auto offset = entry.offset - head.base_distance;
    const auto base = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
    if (base == entries_.end() || base->offset != offset) return bad("delta of no entry");
    entry.base = static_cast<std::uint32_t>(base - entries_.begin());
  } else if (head.kind == EntryKind::id_delta) {
    base_ids_[at] = head.base_id;
  } else {
    object_hash_ = git::object_hasher(static_cast<ObjectKind>(head.kind), head.size_bytes);
  }
  if (head.kind != EntryKind::blob && head.size_bytes > limits_.object_bytes_max)
    return bad("an object of " + std::to_string(head.size_bytes) + " bytes is too large");
  entries_.push_back(entry);
  inflater_.reset();
  inflated_bytes_ = 0;
  delta_start_.clear();
  return ok();
}

Result<std::size_t> IncomingPack::take_data(ByteView bytes) {
  const auto& entry = entries_.back();
  WAAG_TRY(const auto step, inflater_.next(bytes, block_));
  if (step.consumed_bytes == 0 && step.produced_bytes == 0 && !step.done)
    return bad("an entry's bytes lead nowhere");
  const auto part = ByteView(block_).first(step.produced_bytes);
  inflated_bytes_ += part.size();
  if (inflated_bytes_ > entry.stored_bytes) return bad("an entry is longer than its head says");
  if (is_delta(entry.kind)) {
    const auto more = std::min(part.size(), delta_start_bytes - delta_start_.size());
    delta_start_.insert(delta_start_.end(), part.begin(),
                        part.begin() + static_cast<std::ptrdiff_t>(more));
  } else {
    object_hash_.update(part);
  }
  if (step.done) WAAG_CHECK(end_entry());
  return step.consumed_bytes;
}

Status IncomingPack::end_entry() {
  auto& entry = entries_.back();
  const auto at = static_cast<std::uint32_t>(entries_.size() - 1);
  if (inflated_bytes_ != entry.stored_bytes) return bad("an entry is shorter than its head says");
  if (is_delta(entry.kind)) {
    WAAG_TRY(const auto sizes, git::parse_delta_sizes(delta_start_));
    if (sizes.result_bytes > limits_.object_bytes_max)
      return bad("an object of " + std::to_string(sizes.result_bytes) +
                 " bytes is too large; large files go to LFS");
    entry.object_bytes = sizes.result_bytes;
    unnamed_.push_back(at);
  } else {
    name(at, static_cast<ObjectKind>(entry.kind), object_hash_.finish());
  }
  state_ = entries_.size() == expected_ ? State::trailer : State::entry_head;
  return ok();
}

Result<std::size_t> IncomingPack::take_trailer(ByteView bytes) {
  const auto part = std::min(bytes.size(), git::pack_trailer_bytes - held_.size());
  held_ += as_text(bytes.first(part));
  if (held_.size() < git::pack_trailer_bytes) return part;
  if (held_ != as_text(pack_hash_.finish().view())) return bad("its checksum is wrong");
  state_ = State::end;
  return part;
}

bool IncomingPack::is_kept(const Entry& entry) const {
  return entry.kind != EntryKind::blob || limits_.keeps_large_blobs ||
         entry.stored_bytes <= limits_.object_bytes_max;
}

void IncomingPack::name(std::uint32_t at, ObjectKind kind, const GitId& id) {
  entries_[at].object_kind = kind;
  entries_[at].named = true;
  if (ids_.add(id, kind)) entry_of_.push_back(at);
}

Status IncomingPack::finish() {
  if (state_ != State::end) return bad("it is cut short");
  return name_deltas();
}

/// Passes over the deltas until no further one finds its base: names become known on the way.
Status IncomingPack::name_deltas() {
  for (std::size_t before = unnamed_.size() + 1; unnamed_.size() < before;) {
    before = unnamed_.size();
    std::vector<std::uint32_t> left;
    for (const auto at : unnamed_) {
      WAAG_TRY(const bool found, find_base(at));
      if (!found) {
        left.push_back(at);
        continue;
      }
      WAAG_TRY(const auto body, body_of(at));
      const auto kind = entries_[at].object_kind;
      name(at, kind, git::object_id(kind, *body));
    }
    unnamed_ = std::move(left);
  }
  return ok();
}

/// @return whether the delta's base has a name, or comes from outside
Result<bool> IncomingPack::find_base(std::uint32_t at) {
  auto& entry = entries_[at];
  if (entry.base == no_base) {
    const auto& id = base_ids_.at(at);
    if (const auto found = ids_.find(id))
      entry.base = entry_of_[*found];
    else
      return outer_.contains(id);
  }
  return entries_[entry.base].named;
}

std::unordered_set<GitId> IncomingPack::outer_bases() const {
  std::unordered_set<GitId> bases;
  for (const auto at : unnamed_)
    if (entries_[at].base == no_base) bases.insert(base_ids_.at(at));
  return bases;
}

Status IncomingPack::complete(std::unordered_set<GitId> outer, ReadBase read_base) {
  outer_ = std::move(outer);
  read_base_ = std::move(read_base);
  WAAG_CHECK(name_deltas());
  return unnamed_.empty() ? ok() : bad("no base of a delta");
}

std::optional<IncomingPack::Object> IncomingPack::find(const GitId& id) const {
  const auto found = ids_.find(id);
  if (!found) return std::nullopt;
  const auto at = entry_of_[*found];
  const auto& entry = entries_[at];
  return Object{at, entry.object_kind, entry.object_bytes, is_kept(entry)};
}

Result<std::shared_ptr<const Bytes>> IncomingPack::read(const Object& object) {
  return body_of(object.entry);
}

/// Down the chain of deltas to something whole, and up again.
Result<std::shared_ptr<const Bytes>> IncomingPack::body_of(std::uint32_t at) {
  std::vector<std::uint32_t> chain;
  std::shared_ptr<const Bytes> body;
  ObjectKind kind{};
  for (auto next = at; !body;) {
    const auto& entry = entries_[next];
    if ((body = cache_.find(next))) {
      kind = entry.object_kind;
    } else if (!is_delta(entry.kind)) {
      if (entry.stored_bytes > limits_.object_bytes_max) return bad("a delta of too large a blob");
      kind = static_cast<ObjectKind>(entry.kind);
      WAAG_TRY(auto whole, inflate(entry));
      body = std::make_shared<const Bytes>(std::move(whole));
      cache_.put(next, body, body->size());
    } else if (chain.size() == delta_depth_max) {
      return bad("its chains of deltas are too long");
    } else {
      chain.push_back(next);
      if (entry.base != no_base) {
        next = entry.base;
        continue;
      }
      WAAG_TRY(auto outer, read_base_(base_ids_.at(next)));
      kind = outer.first;
      body = std::make_shared<const Bytes>(std::move(outer.second));
    }
  }
  for (; !chain.empty(); chain.pop_back()) {
    auto& entry = entries_[chain.back()];
    WAAG_TRY(const auto delta, inflate(entry));
    WAAG_TRY(auto made, git::apply_delta(*body, delta, limits_.object_bytes_max));
    entry.object_kind = kind;
    body = std::make_shared<const Bytes>(std::move(made));
    cache_.put(chain.back(), body, body->size());
  }
  return body;
}

Status IncomingPack::copy(const Object& object, const Take& take) {
  const auto& entry = entries_[object.entry];
  if (!object.kept) return bad("too large a blob");
  if (!is_delta(entry.kind)) return inflate(entry, take);
  WAAG_TRY(const auto body, body_of(object.entry));
  return take(*body);
}

Result<Bytes> IncomingPack::inflate(const Entry& entry) const {
  Bytes out;
  out.reserve(static_cast<std::size_t>(entry.stored_bytes));
  WAAG_CHECK(inflate(entry, [&out](ByteView part) {
    out.insert(out.end(), part.begin(), part.end());
    return ok();
  }));
  return out;
}

Status IncomingPack::inflate(const Entry& entry, const Take& take) const {
  const auto damaged = [] { return fail(Errc::corrupt, "scratch file of a push"); };
  git::Inflater inflater;
  Bytes input(block_bytes);
  Bytes output(block_bytes);
  std::uint64_t at = entry.offset + entry.head_bytes;
  std::uint64_t size = 0;
  while (true) {
    WAAG_TRY(const auto got, file_->read(at, input));
    if (got == 0) return damaged();
    at += got;
    for (ByteView rest = ByteView(input).first(got); !rest.empty();) {
      WAAG_TRY(const auto step, inflater.next(rest, output));
      if (step.consumed_bytes == 0 && step.produced_bytes == 0 && !step.done) return damaged();
      size += step.produced_bytes;
      if (size > entry.stored_bytes) return damaged();
      WAAG_CHECK(take(ByteView(output).first(step.produced_bytes)));
      rest = rest.subspan(step.consumed_bytes);
      if (step.done) return size == entry.stored_bytes ? ok() : damaged();
    }
  }
}

}  // namespace waag::storage
