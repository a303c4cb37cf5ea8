#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/bytes.h"

namespace waag::convert {

/// What a pickle may build. Values refer to each other by index, so that a cycle is no danger.
struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    text,
    tuple,
    list,
    dict,     // items: key, value, key, value ...; keys are texts
    global,   // text: "module name"
    storage,  // items: as BINPERSID found them
    tensor,   // items: the arguments of _rebuild_tensor_v2
  };
  Kind kind{Kind::none};
  std::int64_t number = 0;
  std::string text;
  std::vector<std::uint32_t> items;
};

/// Interprets the pickle opcodes of a state dict (see pickled_tensors.h); no others.
class PickleMachine {
 public:
  explicit PickleMachine(ByteView pickle) : reader_(pickle) {}

  /// Runs to STOP, which must be the last byte.
  /// @return the index of the one value left
  Result<std::uint32_t> run();
  [[nodiscard]] const PickleValue& at(std::uint32_t index) const { return values_[index]; }

 private:
  using Kind = PickleValue::Kind;

  Status step(std::uint8_t opcode);
  Status step_number(std::uint8_t opcode);
  Status step_memo(std::uint8_t opcode);
  Status step_collect(std::uint8_t opcode);
  Status push(PickleValue value);
  Status push_integer(std::int64_t value) { return push({Kind::integer, value, {}, {}}); }
  Status push_long();
  Status push_text();
  Status push_global();
  Status push_persistent();
  Status push_tuple(std::size_t count);
  Status reduce();
  Status build();
  Status put(std::uint32_t slot);
  Status get(std::uint32_t slot);
  Status append(std::vector<std::uint32_t> items);
  Status set_items(const std::vector<std::uint32_t>& items);
  Result<std::uint32_t> pop();
  /// The topmost value, which stays; it is of that kind.
  Result<PickleValue*> top(Kind kind);
  /// What stands above the last mark, which goes too.
  Result<std::vector<std::uint32_t>> pop_to_mark();
  Result<std::string> line();

  ByteReader reader_;
  std::vector<PickleValue> values_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint32_t, std::uint32_t> memo_;
};

}  // namespace waag::convert
