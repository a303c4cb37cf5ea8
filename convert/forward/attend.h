#pragma once

#include "convert/forward/rows.h"

namespace waag::convert {

/// Values of heads, wherever they lie: head h of token t begins at t * token_stride + h *
/// head_stride.
template <class T>
struct HeadsOf {
  T* data = nullptr;
  std::uint64_t token_stride = 0;
  std::uint64_t head_stride = 0;

  [[nodiscard]] T* at(std::uint64_t token, std::uint64_t head) const {
    return data + token * token_stride + head * head_stride;
  }
};
using Heads = HeadsOf<const float>;

struct Attention {
  std::uint64_t heads = 0;
  std::uint64_t key_heads = 0;  // each of them is that of heads / key_heads neighbours
  std::uint64_t head = 0;       // values of a query's or a key's head
  std::uint64_t value = 0;      // of a value's
  double scale = 1;             // of the scores
  std::uint64_t window = 0;     // tokens that one sees, itself among them; 0: all before it
};

struct AttentionInput {
  Heads queries;
  Heads keys;
  Heads values;
};

/// Causal attention of each text: softmax(scale q.k) v, head by head (FORMATS 6.1).
/// @param out  overwritten; value heads
Status attend(Workers& workers, const Attention& attention, const Texts& texts,
              const AttentionInput& in, HeadsOf<float> out);

}  // namespace waag::convert
