#include "convert/source/pickle/pickled_tensors.h"

#include <array>
#include <set>

#include "convert/source/pickle/pickle_machine.h"
#include "protocol/model/safetensors_header.h"
#include "protocol/utf8.h"

namespace waag::convert {
namespace {

using Kind = PickleValue::Kind;
using model::Dtype;

struct StorageType {
  std::string_view global;
  Dtype dtype;
};
constexpr std::array<StorageType, 7> storage_types{{{"torch FloatStorage", Dtype::f32},
                                                    {"torch HalfStorage", Dtype::f16},
                                                    {"torch BFloat16Storage", Dtype::bf16},
                                                    {"torch CharStorage", Dtype::i8},
                                                    {"torch ByteStorage", Dtype::u8},
                                                    {"torch IntStorage", Dtype::i32},
                                                    {"torch LongStorage", Dtype::i64}}};

Error bad(const std::string& what) { return fail(Errc::unprocessable, "pickle: " + what); }

/// A whole number as large as a file can make use of.
bool natural(const PickleValue& value, std::uint64_t& out) {
  if (value.kind != Kind::integer || value.number < 0) return false;
  out = static_cast<std::uint64_t>(value.number);
  return out <= model::safetensors_integer_max;
}

bool naturals(const PickleMachine& machine, const PickleValue& tuple,
              std::vector<std::uint64_t>& out) {
  if (tuple.kind != Kind::tuple || tuple.items.size() > model::safetensors_rank_max) return false;
  for (const auto item : tuple.items)
    if (!natural(machine.at(item), out.emplace_back())) return false;
  return true;
}

/// _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)
Result<PickledTensor> tensor_of(const PickleMachine& machine, std::string name,
                                const PickleValue& value) {
  if (value.kind != Kind::tensor) return bad(name + " is no tensor");
  const auto argument = [&](std::size_t i) -> const PickleValue& {
    return machine.at(value.items[i]);
  };
  const auto malformed = [&] { return bad(name + " is rebuilt from other than a storage"); };
  if (value.items.size() != 6 || argument(0).kind != Kind::storage) return malformed();
  if (argument(4).kind != Kind::boolean || argument(5).kind != Kind::dict ||
      !argument(5).items.empty())
    return malformed();
  const auto& storage = argument(0).items;
  PickledTensor tensor;
  for (const auto& type : storage_types)
    if (type.global == machine.at(storage[1]).text) tensor.dtype = type.dtype;
  tensor.storage_key = machine.at(storage[2]).text;
  if (!natural(machine.at(storage[4]), tensor.storage_elements) ||
      !natural(argument(1), tensor.offset) || !naturals(machine, argument(2), tensor.shape) ||
      !naturals(machine, argument(3), tensor.strides) ||
      tensor.shape.size() != tensor.strides.size())
    return malformed();
  tensor.name = std::move(name);
  return tensor;
}

}  // namespace

Result<std::vector<PickledTensor>> read_pickled_tensors(ByteView pickle) {
  if (pickle.size() > pickle_bytes_max) return bad("is too long");
  PickleMachine machine(pickle);
  WAAG_TRY(const auto root, machine.run());
  const auto& dict = machine.at(root);
  if (dict.kind != Kind::dict) return bad("is not of a dict");
  std::vector<PickledTensor> tensors;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < dict.items.size(); i += 2) {
    const auto& name = machine.at(dict.items[i]).text;
    if (name.size() > model::safetensors_name_bytes_max || has_control(name))
      return bad("a tensor's name is too long or not printable");
    if (!names.insert(name).second) return bad("two tensors of one name: " + name);
    WAAG_TRY(auto tensor, tensor_of(machine, name, machine.at(dict.items[i + 1])));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace waag::convert
