#include "convert/source/expert_views.h"

#include <string_view>

namespace waag::convert {
namespace {

constexpr std::string_view gate_up = ".experts.gate_up_proj", down = ".experts.down_proj";

ExpertView view_of(const SourceTensor& fused, std::string_view suffix, std::uint64_t expert,
                   std::string_view name, std::uint64_t rows, std::uint64_t first_row) {
  ExpertView view{fused, first_row};
  const auto layer = fused.name.substr(0, fused.name.size() - suffix.size());
  view.tensor.name =
      layer + ".experts." + std::to_string(expert) + "." + std::string(name) + ".weight";
  view.tensor.shape = {rows, fused.columns()};
  return view;
}

}  // namespace

std::vector<ExpertView> expert_views(const SourceTensor& fused, std::uint64_t hidden,
                                     std::uint64_t expert_feed) {
  std::vector<ExpertView> views;
  const auto& shape = fused.shape;
  if (shape.size() != 3) return views;
  if (fused.name.ends_with(gate_up) && shape[1] == 2 * expert_feed && shape[2] == hidden) {
    for (std::uint64_t expert = 0; expert < shape[0]; ++expert) {
      const auto row = expert * shape[1];
      views.push_back(view_of(fused, gate_up, expert, "gate_proj", expert_feed, row));
      views.push_back(view_of(fused, gate_up, expert, "up_proj", expert_feed, row + expert_feed));
    }
  } else if (fused.name.ends_with(down) && shape[1] == hidden && shape[2] == expert_feed) {
    for (std::uint64_t expert = 0; expert < shape[0]; ++expert)
      views.push_back(view_of(fused, down, expert, "down_proj", hidden, expert * hidden));
  }
  return views;
}

}  // namespace waag::convert
