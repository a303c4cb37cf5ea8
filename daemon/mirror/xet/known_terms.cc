#include "daemon/mirror/xet/known_terms.h"

namespace waag::daemon {

std::map<XorbHash, storage::SeenXorb> chunks_of_terms(const storage::FileChunks& file,
                                                      std::uint64_t begin,
                                                      std::span<const xet::PlanTerm> terms) {
  std::map<XorbHash, storage::SeenXorb> found;
  auto at = file.at;
  auto next = file.chunks.begin();
  for (const auto& term : terms) {
    for (; next != file.chunks.end() && at < begin; ++next) at += next->raw_bytes;
    const auto first = next;
    const auto end = begin + term.raw_bytes;
    const bool aligned = at == begin;
    for (; next != file.chunks.end() && at < end; ++next) at += next->raw_bytes;
    begin = end;
    if (!aligned || at != end || next - first != std::ptrdiff_t{term.end} - term.begin) continue;
    auto& xorb = found[term.xorb];
    for (auto number = term.begin; number < term.end; ++number)
      xorb.insert_or_assign(number, first[number - term.begin]);
  }
  return found;
}

}  // namespace waag::daemon
