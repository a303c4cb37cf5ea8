#include "convert/validation_job/chunks.h"

#include <algorithm>
#include <string>

namespace waag::convert {

Result<std::vector<std::vector<std::uint32_t>>> cut_chunks(std::span<const std::uint32_t> tokens,
                                                           const ChunkRule& rule) {
  const auto all = tokens.size() / rule.context;
  if (all == 0)
    return fail(Errc::unprocessable, "the text has " + std::to_string(tokens.size()) +
                                         " tokens, fewer than one chunk of " +
                                         std::to_string(rule.context));
  const auto taken = std::min<std::uint64_t>(rule.chunks, all);
  std::vector<std::vector<std::uint32_t>> chunks;
  for (std::uint64_t i = 0; i < taken; ++i) {
    const auto number = (2 * i + 1) * all / (2 * taken);  // the middle of the i-th part
    const auto from = tokens.subspan(number * rule.context, rule.context);
    auto& chunk = chunks.emplace_back(from.begin(), from.end());
    if (rule.begin) chunk.front() = *rule.begin;
  }
  return chunks;
}

}  // namespace waag::convert
