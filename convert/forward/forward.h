#pragma once

#include <memory>

#include "convert/forward/facts.h"
#include "convert/forward/kernels/matrix.h"
#include "convert/forward/rows.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// Texts on their way through a model. Copied, a state can go two ways.
struct ForwardState {
  Texts texts;
  std::vector<float> hidden;  // a row of `hidden` a token
};

/// The reference forward pass on the CPU (FORMATS 6), block by block over all tokens of all texts,
/// so that each weight is read once. What it knows comes of the source's config.json; weights may
/// be the source's or those of anything that was made of it (Engine::weights).
///
///   begin -> block 0 -> ... -> block blocks() - 1 -> finish -> logits
///
/// Memory: the state, in a block about tokens x (3 x hidden + 2 x the widest layer), a tile of
/// weights a thread. Thread-safe but for the state and the workers.
class Forward {
 public:
  /// @return Errc::unprocessable if config.json says anything that is not known here, or the
  /// weights are not those of its architecture
  static Result<Forward> open(const SourceModel& source);

  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] std::uint64_t blocks() const { return facts_.of.blocks; }

  /// @param texts  tokens; each text has some
  /// @return Errc::invalid_argument for an empty text or a token that the model does not have
  [[nodiscard]] Result<ForwardState> begin(const Engine& engine,
                                           std::span<const std::vector<std::uint32_t>> texts) const;
  Status block(const Engine& engine, std::uint64_t number, ForwardState& state) const;
  /// The normalized rows that logits are made of.
  /// @param tokens  which rows of the state are wanted
  [[nodiscard]] Result<std::vector<float>> finish(const Engine& engine, const ForwardState& state,
                                                  std::span<const std::uint64_t> tokens) const;
  /// Logits of a tile [first_token, first_token + count) of the vocabulary.
  /// @param rows    of finish()
  /// @param logits  `count` for each row
  Status logits(const Engine& engine, std::span<const float> rows, std::uint64_t first_token,
                std::uint64_t count, std::span<float> logits) const;

 private:
  explicit Forward(Facts facts) : facts_(std::move(facts)) {}
  Facts facts_;
};

}  // namespace waag::convert
