#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// Rotary position settings, from rope_parameters (transformers 5) or rope_scaling and rope_theta
/// (FORMATS 2.3).
struct RopeConfig {
  std::optional<double> theta;
  std::string type;  // "linear", "yarn", "llama3", ...; empty or "default": no scaling
  std::optional<double> factor;
  std::optional<std::uint64_t> original_context;
  std::optional<double> low_freq_factor;
  std::optional<double> high_freq_factor;
  std::optional<double> extrapolation_factor;
  std::optional<double> attention_factor;
  std::optional<double> beta_fast;
  std::optional<double> beta_slow;
  std::optional<double> mscale;
  std::optional<double> mscale_all_dim;
  std::optional<double> partial;  // share of a head that is rotated
  bool is_truncated = true;       // yarn: its borders are whole numbers
};

/// config.json, with typed access. A member that is null counts as absent; one of a wrong type is
/// an error where it is asked for.
class ModelConfig {
 public:
  /// @return Errc::unprocessable if the text is no JSON object or names no architecture
  static Result<ModelConfig> parse(std::string_view text);
  ~ModelConfig();
  ModelConfig();
  ModelConfig(ModelConfig&&) noexcept;
  ModelConfig& operator=(ModelConfig&&) noexcept;

  /// The class that the weights belong to, such as "Qwen2ForCausalLM".
  [[nodiscard]] const std::string& architecture() const;
  [[nodiscard]] bool has(std::string_view name) const;

  /// Each takes the first of `names` that is there. Errc::unprocessable if it has another type.
  [[nodiscard]] Result<std::optional<std::uint64_t>> uint(
      std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<std::optional<double>> number(
      std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<std::optional<bool>> boolean(
      std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<std::optional<std::string>> text(
      std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<std::optional<std::vector<std::string>>> texts(std::string_view name) const;
  /// The same, where absent is an error too, and so is zero.
  [[nodiscard]] Result<std::uint64_t> required(std::initializer_list<std::string_view> names) const;

  [[nodiscard]] Result<RopeConfig> rope() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace waag::convert
