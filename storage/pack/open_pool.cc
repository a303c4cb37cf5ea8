#include "storage/pack/open_pool.h"

#include <algorithm>
#include <bit>

namespace waag::storage::pack {

void OpenPool::adopt(std::shared_ptr<OpenPack> pack) {
  if (options_.direct_writes) pack->prefer_direct_writes();
  const std::lock_guard lock(mutex_);
  open_[pack->id()] = pack;
  if (pack->writable()) of(pack->kind()).free.push_back(std::move(pack));
}

std::shared_ptr<OpenPack> OpenPool::find(PackId pack) const {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(pack);
  return at == open_.end() ? nullptr : at->second;
}

std::vector<PackId> OpenPool::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<PackId> ids;
  for (const auto& [id, pack] : open_) ids.push_back(id);
  return ids;
}

Result<std::vector<Location>> OpenPool::append(PackClass kind, GroupBuilder& builder,
                                               std::span<const RecordIn> records,
                                               std::shared_ptr<OpenPack>& last,
                                               PackExtent& extent) {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return of(kind).busy < options_.open_packs_max; });
    ++of(kind).busy;
  }
  auto pack = pack_with_room(kind, GroupBuilder::bytes_max(records, kind), last);
  auto written =
      pack ? (*pack)->append(builder, records) : Result<PackExtent>(std::move(pack).error());
  give_back(pack ? *pack : nullptr);
  {
    const std::lock_guard lock(mutex_);
    --of(kind).busy;
  }
  freed_.notify_all();
  if (!written) return std::move(written).error();
  last = *pack;
  extent = *written;
  std::vector<Location> locations;
  locations.reserve(builder.entries().size());
  for (const auto& entry : builder.entries()) locations.push_back(entry.at);
  return locations;
}

Result<std::shared_ptr<OpenPack>> OpenPool::pack_with_room(PackClass kind,
                                                           std::uint64_t group_bytes,
                                                           const std::shared_ptr<OpenPack>& last) {
  while (auto pack = take(kind, last)) {
    if (has_room(*pack, group_bytes)) return pack;
    const auto sealed = seal(pack);
    if (!sealed) {
      give_back(std::move(pack));  // still writable if it was only the disk that is full
      return sealed.error();
    }
  }
  return make(kind);
}

bool OpenPool::has_room(const OpenPack& pack, std::uint64_t group_bytes) const {
  const auto end = pack.end();
  return end == head_bytes || end + group_bytes <= options_.pack_bytes_max;
}

std::shared_ptr<OpenPack> OpenPool::take(PackClass kind, const std::shared_ptr<OpenPack>& last) {
  const std::lock_guard lock(mutex_);
  auto& free = of(kind).free;
  std::erase_if(free,
                [](const auto& pack) { return !pack->writable(); });  // a sync failed meanwhile
  if (free.empty()) return nullptr;
  auto at = std::find(free.begin(), free.end(), last);
  if (at == free.end()) at = free.end() - 1;  // the last one given back: few packs grow at a time
  auto pack = std::move(*at);
  free.erase(at);
  return pack;
}

void OpenPool::give_back(std::shared_ptr<OpenPack> pack) {
  if (!pack || !pack->writable()) return;
  const std::lock_guard lock(mutex_);
  of(pack->kind()).free.push_back(std::move(pack));
}

Result<std::shared_ptr<OpenPack>> OpenPool::make(PackClass kind) {
  const std::lock_guard one_at_a_time(make_mutex_);
  std::array<std::byte, 8> bytes{};
  random_.fill(bytes);
  const PackHead head{PackId{std::bit_cast<std::uint64_t>(bytes)}, kind};
  if (fs_.exists(pack_path(packs_, head.pack, /*open=*/false)))
    return fail(Errc::internal, "random pack name is taken");
  WAAG_TRY(auto pack, OpenPack::create(fs_, packs_, head));
  if (options_.direct_writes) pack->prefer_direct_writes();
  const std::lock_guard lock(mutex_);
  open_[pack->id()] = pack;
  return pack;
}

Status OpenPool::seal(const std::shared_ptr<OpenPack>& pack) {
  WAAG_CHECK(pack->seal());
  const std::lock_guard lock(mutex_);
  open_.erase(pack->id());
  return ok();
}

}  // namespace waag::storage::pack
