#include "convert/source/pickle/pickle_machine.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "protocol/utf8.h"

namespace waag::convert {
namespace {

// Source: Python, Lib/pickle.py.
enum Opcode : std::uint8_t {
  op_mark = '(',
  op_stop = '.',
  op_binint = 'J',
  op_binint1 = 'K',
  op_binint2 = 'M',
  op_none = 'N',
  op_binpersid = 'Q',
  op_reduce = 'R',
  op_binunicode = 'X',
  op_append = 'a',
  op_build = 'b',
  op_global = 'c',
  op_appends = 'e',
  op_binget = 'h',
  op_long_binget = 'j',
  op_binput = 'q',
  op_long_binput = 'r',
  op_setitem = 's',
  op_tuple = 't',
  op_setitems = 'u',
  op_empty_tuple = ')',
  op_empty_list = ']',
  op_empty_dict = '}',
  op_proto = 0x80,
  op_tuple1 = 0x85,
  op_tuple2 = 0x86,
  op_tuple3 = 0x87,
  op_newtrue = 0x88,
  op_newfalse = 0x89,
  op_long1 = 0x8a,
};

/// torch.save writes protocol 2.
constexpr std::uint8_t protocol = 2;
// Ours: some ten values a tensor.
constexpr std::size_t values_max = 2'000'000;
constexpr std::size_t line_bytes_max = 128;
constexpr std::size_t text_bytes_max = 4096;

constexpr auto rebuild_tensor = "torch._utils _rebuild_tensor_v2";
constexpr auto ordered_dict = "collections OrderedDict";
constexpr std::array<std::string_view, 9> globals{
    rebuild_tensor,          ordered_dict,        "torch FloatStorage", "torch HalfStorage",
    "torch BFloat16Storage", "torch CharStorage", "torch ByteStorage",  "torch IntStorage",
    "torch LongStorage"};

Error bad(const std::string& what) { return fail(Errc::unprocessable, "pickle: " + what); }

std::string name_of(std::uint8_t opcode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%02X", opcode);
  return text.data();
}

}  // namespace

Result<std::uint32_t> PickleMachine::run() {
  if (reader_.fixed<std::uint8_t>() != op_proto || reader_.fixed<std::uint8_t>() != protocol)
    return bad("does not begin with PROTO 2");
  while (true) {
    const auto opcode = reader_.fixed<std::uint8_t>();
    if (!reader_.ok()) return bad("ends without STOP");
    if (opcode == op_stop) break;
    WAAG_CHECK(step(opcode));
    if (!reader_.ok()) return bad("ends within an opcode");
  }
  if (!reader_.at_end()) return bad("bytes after STOP");
  if (stack_.size() != 1 || !marks_.empty()) return bad("not one value at STOP");
  return stack_.front();
}

Status PickleMachine::step(std::uint8_t opcode) {
  switch (opcode) {
    case op_none:
      return push({Kind::none, 0, {}, {}});
    case op_newtrue:
    case op_newfalse:
      return push({Kind::boolean, opcode == op_newtrue ? 1 : 0, {}, {}});
    case op_empty_list:
      return push({Kind::list, 0, {}, {}});
    case op_empty_dict:
      return push({Kind::dict, 0, {}, {}});
    case op_binunicode:
      return push_text();
    case op_global:
      return push_global();
    case op_binpersid:
      return push_persistent();
    case op_reduce:
      return reduce();
    case op_build:
      return build();
    case op_mark:
      if (marks_.size() >= values_max) return bad("too many marks");
      marks_.push_back(stack_.size());
      return ok();
    default:
      return step_number(opcode);
  }
}

Status PickleMachine::step_number(std::uint8_t opcode) {
  switch (opcode) {
    case op_binint:
      return push_integer(static_cast<std::int32_t>(reader_.fixed<std::uint32_t>()));
    case op_binint1:
      return push_integer(reader_.fixed<std::uint8_t>());
    case op_binint2:
      return push_integer(reader_.fixed<std::uint16_t>());
    case op_long1:
      return push_long();
    default:
      return step_memo(opcode);
  }
}

Status PickleMachine::step_memo(std::uint8_t opcode) {
  switch (opcode) {
    case op_binput:
      return put(reader_.fixed<std::uint8_t>());
    case op_long_binput:
      return put(reader_.fixed<std::uint32_t>());
    case op_binget:
      return get(reader_.fixed<std::uint8_t>());
    case op_long_binget:
      return get(reader_.fixed<std::uint32_t>());
    default:
      return step_collect(opcode);
  }
}

Status PickleMachine::step_collect(std::uint8_t opcode) {
  switch (opcode) {
    case op_empty_tuple:
      return push_tuple(0);
    case op_tuple1:
    case op_tuple2:
    case op_tuple3:
      return push_tuple(opcode - op_tuple1 + 1u);
    case op_tuple: {
      WAAG_TRY(auto items, pop_to_mark());
      return push({Kind::tuple, 0, {}, std::move(items)});
    }
    case op_append: {
      WAAG_TRY(const auto item, pop());
      return append({item});
    }
    case op_appends: {
      WAAG_TRY(auto items, pop_to_mark());
      return append(std::move(items));
    }
    case op_setitem: {
      WAAG_TRY(const auto value, pop());
      WAAG_TRY(const auto key, pop());
      return set_items({key, value});
    }
    case op_setitems: {
      WAAG_TRY(const auto items, pop_to_mark());
      return set_items(items);
    }
    default:
      return bad("opcode " + name_of(opcode) + " is not allowed");
  }
}

Status PickleMachine::push(PickleValue value) {
  if (values_.size() >= values_max) return bad("too many values");
  stack_.push_back(static_cast<std::uint32_t>(values_.size()));
  values_.push_back(std::move(value));
  return ok();
}

/// A little-endian two's complement of at most 8 bytes.
Status PickleMachine::push_long() {
  const auto bytes = reader_.raw(reader_.fixed<std::uint8_t>());
  if (bytes.size() > 8) return bad("an integer of more than 64 bits");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  const bool negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  if (negative && bytes.size() < 8) value |= ~std::uint64_t{0} << (8 * bytes.size());
  return push_integer(static_cast<std::int64_t>(value));
}

Status PickleMachine::push_text() {
  const auto count = reader_.fixed<std::uint32_t>();
  if (count > text_bytes_max) return bad("a text that is too long");
  std::string text(as_text(reader_.raw(count)));
  if (!is_utf8(text)) return bad("a text that is not UTF-8");
  return push({Kind::text, 0, std::move(text), {}});
}

Result<std::string> PickleMachine::line() {
  std::string text;
  while (text.size() <= line_bytes_max) {
    const auto next = static_cast<char>(reader_.fixed<std::uint8_t>());
    if (!reader_.ok()) return bad("ends within an opcode");
    if (next == '\n') return text;
    if (next < 0x20 || next > 0x7e) return bad("a global whose name is not plain");
    text += next;
  }
  return bad("a global whose name is too long");
}

Status PickleMachine::push_global() {
  WAAG_TRY(const auto module, line());
  WAAG_TRY(const auto name, line());
  auto global = module + " " + name;
  if (std::ranges::find(globals, global) == globals.end())
    return bad("global " + module + "." + name + " is not allowed");
  return push({Kind::global, 0, std::move(global), {}});
}

/// ("storage", type, key, location, elements)
Status PickleMachine::push_persistent() {
  WAAG_TRY(const auto index, pop());
  const auto& id = values_[index];
  const auto is = [&](std::size_t item, Kind kind) { return at(id.items[item]).kind == kind; };
  if (id.kind != Kind::tuple || id.items.size() != 5 || !is(0, Kind::text) ||
      at(id.items[0]).text != "storage" || !is(1, Kind::global) ||
      !at(id.items[1]).text.ends_with("Storage") || !is(2, Kind::text) || !is(3, Kind::text) ||
      !is(4, Kind::integer))
    return bad("BINPERSID of what is no storage");
  auto items = id.items;
  return push({Kind::storage, 0, {}, std::move(items)});
}

Status PickleMachine::push_tuple(std::size_t count) {
  std::vector<std::uint32_t> items(count);
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    WAAG_TRY(*item, pop());
  }
  return push({Kind::tuple, 0, {}, std::move(items)});
}

Status PickleMachine::reduce() {
  WAAG_TRY(const auto arguments_index, pop());
  WAAG_TRY(const auto callable_index, pop());
  const auto& arguments = values_[arguments_index];
  const auto& callable = values_[callable_index];
  if (callable.kind != Kind::global || arguments.kind != Kind::tuple)
    return bad("REDUCE of what is no global and its arguments");
  if (callable.text == ordered_dict && arguments.items.empty())
    return push({Kind::dict, 0, {}, {}});
  if (callable.text != rebuild_tensor)
    return bad("a call of " + callable.text + " with these arguments is not allowed");
  auto items = arguments.items;
  return push({Kind::tensor, 0, {}, std::move(items)});
}

/// A state dict's _metadata, the versions of its modules: seen, and dropped.
Status PickleMachine::build() {
  WAAG_TRY(const auto state_index, pop());
  WAAG_CHECK(top(Kind::dict));
  const auto& state = values_[state_index];
  if (state.kind != Kind::dict || state.items.size() != 2 ||
      at(state.items[0]).text != "_metadata" || at(state.items[1]).kind != Kind::dict)
    return bad("BUILD of other than a state dict's _metadata");
  return ok();
}

Status PickleMachine::put(std::uint32_t slot) {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size()))
    return bad("PUT of nothing");
  if (memo_.size() >= values_max) return bad("too many values");
  memo_[slot] = stack_.back();
  return ok();
}

Status PickleMachine::get(std::uint32_t slot) {
  const auto found = memo_.find(slot);
  if (found == memo_.end()) return bad("GET of what was never PUT");
  if (stack_.size() >= values_max) return bad("too many values");
  stack_.push_back(found->second);
  return ok();
}

Status PickleMachine::append(std::vector<std::uint32_t> items) {
  WAAG_TRY(auto* list, top(Kind::list));
  list->items.insert(list->items.end(), items.begin(), items.end());
  return ok();
}

Status PickleMachine::set_items(const std::vector<std::uint32_t>& items) {
  if (items.size() % 2 != 0) return bad("a key without a value");
  for (std::size_t i = 0; i < items.size(); i += 2)
    if (at(items[i]).kind != Kind::text) return bad("a key that is no text");
  WAAG_TRY(auto* dict, top(Kind::dict));
  dict->items.insert(dict->items.end(), items.begin(), items.end());
  return ok();
}

Result<std::uint32_t> PickleMachine::pop() {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size()))
    return bad("takes a value where there is none");
  const auto index = stack_.back();
  stack_.pop_back();
  return index;
}

Result<PickleValue*> PickleMachine::top(Kind kind) {
  if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size()))
    return bad("takes a value where there is none");
  auto& value = values_[stack_.back()];
  if (value.kind != kind) return bad("fills what is no list or dict");
  return &value;
}

Result<std::vector<std::uint32_t>> PickleMachine::pop_to_mark() {
  if (marks_.empty()) return bad("goes back to a mark where there is none");
  const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<std::uint32_t> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

}  // namespace waag::convert
