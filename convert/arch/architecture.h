#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "convert/arch/model_config.h"

// What is known of each model architecture, as data: how its tensors are called here and there, the
// shape each must have, and what happens to its rows on the way. FORMATS 2.3, 2.4; trusted over
// anything that a file claims about itself.

namespace waag::convert {

/// How the rows of an output tensor come from those of its sources.
enum class RowRule : std::uint8_t {
  plain,         // as they are
  query_pairs,   // rotary halves of each query head become pairs (FORMATS 2.4, arch llama)
  key_pairs,     // the same for key heads
  experts,       // one source an expert, stacked by number
  fused_gate,    // first half of every expert of one tensor that holds gate and up
  fused_up,      // its second half
  latent_key,    // kv_b: the key part of each head, transposed
  latent_value,  // kv_b: the value part of each head
  dropped,       // not part of the model that is run
};

/// One kind of tensor. In `source`, `L.` stands for "model.layers.{i}." and `E.` for the number of
/// an expert and a dot; in `target`, `B.` for "blk.{i}.". `shape` has one letter a dimension,
/// slowest first: a key of Dimensions.
struct TensorRule {
  std::string_view source;
  std::string_view target;
  std::string_view shape;
  RowRule rows = RowRule::plain;
};

/// What every block of a model must have: a text such as "attn_q|attn_q_a": one of those names.
using Needs = std::span<const std::string_view>;

/// Which blocks see no further back than config.json's sliding_window.
enum class WindowRule : std::uint8_t {
  none,
  all,          // wherever sliding_window is given
  all_if_used,  // if use_sliding_window says so
  from_block,   // if it does: from block max_window_layers on, or as layer_types says
  listed,       // if it does: as layer_types says
};

/// How the experts of a token are chosen (FORMATS 6.5).
struct RoutingRule {
  enum class Scores : std::uint8_t { softmax, sigmoid };
  enum class Weights : std::uint8_t { as_scored, sum_to_one, as_config_says };
  enum class Groups : std::uint8_t {
    none,
    by_best,      // if topk_method is group_limited_greedy: a group is worth its best expert
    by_best_two,  // the sum of its best two
  };
  Scores scores = Scores::softmax;
  Weights weights = Weights::as_config_says;  // norm_topk_prob
  Groups groups = Groups::none;
  bool is_normalized = false;  // where config.json has no norm_topk_prob
  double scale = 1;            // where it has no routed_scaling_factor
};

struct Architecture {
  std::string_view class_name;  // in config.json's architectures
  std::string_view gguf_name;   // value of general.architecture
  std::span<const std::span<const TensorRule>> rules;
  Needs block_needs;
  bool has_head_keys = false;       // attention.key_length is always written
  bool is_latent = false;           // multi-head latent attention (DeepSeek)
  bool has_rope_dimension = false;  // rope.dimension_count and vocab_size are written
  // How the model is run.
  WindowRule window = WindowRule::none;
  RoutingRule routing{};
  double theta = 10000;  // base of the rotary frequencies where config.json has none
};

/// The numbers that config.json gives, checked: none is zero where the architecture needs it.
struct Dimensions {
  std::uint64_t blocks = 0;
  std::uint64_t hidden = 0;
  std::uint64_t vocabulary = 0;
  std::uint64_t heads = 0;
  std::uint64_t key_heads = 0;
  std::uint64_t head = 0;     // elements of one head
  std::uint64_t feed = 0;     // width of a dense feed-forward part
  std::uint64_t experts = 0;  // 0: a dense model
  std::uint64_t expert_feed = 0;
  std::uint64_t shared_feed = 0;
  // Latent attention only.
  std::uint64_t query_rank = 0;  // 0: queries are not compressed
  std::uint64_t latent_rank = 0;
  std::uint64_t nope = 0;  // elements of a head without a position
  std::uint64_t rope = 0;  // and with one
  std::uint64_t value = 0;
  bool is_tied = false;  // the output matrix is the embedding

  /// What a letter of TensorRule::shape stands for.
  [[nodiscard]] std::uint64_t of(char letter) const;
};

/// @return Errc::unprocessable with the names of all that are known, if this one is not
Result<const Architecture*> find_architecture(const ModelConfig& config);

/// @return Errc::unprocessable if config.json leaves out or contradicts what is needed
Result<Dimensions> read_dimensions(const Architecture& architecture, const ModelConfig& config);

/// What the publishers of this architecture call a tensor.
/// @param target  a TensorRule's: "B.attn_q.weight"; of experts, one that stands apart
/// @return empty if the architecture has no such tensor
std::string source_name(const Architecture& architecture, std::string_view target,
                        std::uint64_t block = 0, std::uint64_t expert = 0);

}  // namespace waag::convert
