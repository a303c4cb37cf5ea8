#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "convert/forward/weights/model_weights.h"

namespace waag::convert::testing {

/// Weights that a test makes up.
class FakeWeights : public ModelWeights {
 public:
  using Shape = std::vector<std::uint64_t>;

  FakeWeights& add(const std::string& name, Shape shape, std::vector<float> values) {
    tensors_[name] = {std::move(shape), std::move(values)};
    return *this;
  }
  /// Values that look random, the same each time.
  FakeWeights& add(const std::string& name, Shape shape) {
    std::uint64_t count = 1;
    for (const auto extent : shape) count *= extent;
    return add(name, std::move(shape), wavy(count, static_cast<float>(tensors_.size() + 1)));
  }
  static std::vector<float> wavy(std::uint64_t count, float from = 0) {
    std::vector<float> values(count);
    for (std::uint64_t i = 0; i < count; ++i)
      values[i] = std::sin(from + 1.7f * static_cast<float>(i) +
                           0.01f * static_cast<float>(i) * static_cast<float>(i % 97));
    return values;
  }
  [[nodiscard]] const std::vector<float>& values(const std::string& name) const {
    return tensors_.find(name)->second.values;
  }

  [[nodiscard]] std::optional<Shape> shape(std::string_view name) const override {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? std::nullopt : std::optional(found->second.shape);
  }
  Status read(std::string_view name, std::uint64_t first_row,
              std::span<float> values) const override {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return fail(Errc::not_found, std::string(name));
    const auto& tensor = found->second;
    const auto begin = first_row * tensor.shape.back();
    if (begin + values.size() > tensor.values.size()) return fail(Errc::invalid_argument, "rows");
    std::copy_n(tensor.values.begin() + static_cast<long>(begin), values.size(), values.begin());
    return ok();
  }

 private:
  struct Tensor {
    Shape shape;
    std::vector<float> values;
  };
  std::map<std::string, Tensor, std::less<>> tensors_;
};

/// W x in F64: one row of the result.
inline double row_times(std::span<const float> weights, std::uint64_t row,
                        std::span<const float> x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += static_cast<double>(weights[row * x.size() + i]) * static_cast<double>(x[i]);
  return sum;
}

}  // namespace waag::convert::testing
