#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <unordered_map>

#include "tests/emulated_cuda/ptx.h"

namespace waag::emulated {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Parts between commas that stand in no bracket.
Words split(std::string_view text) {
  Words parts;
  std::size_t from = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char at = i < text.size() ? text[i] : ',';
    depth += at == '[' || at == '{';
    depth -= at == ']' || at == '}';
    if (at != ',' || depth > 0) continue;
    if (const auto part = trimmed(text.substr(from, i - from)); !part.empty())
      parts.push_back(part);
    from = i + 1;
  }
  return parts;
}

/// Takes the first word off.
std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto end = std::min(text.find_first_of(blanks), text.size());
  const auto word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto done = std::from_chars(text.data(), end, value);
  if (done.ec != std::errc{} || done.ptr != end) return std::nullopt;
  return value;
}

/// An integer, or a binary32 as 0f and its bits in hex.
std::optional<std::uint64_t> constant(std::string_view text) {
  if (const auto whole = integer(text)) return static_cast<std::uint64_t>(*whole);
  if (!text.starts_with("0f") || text.size() != 10) return std::nullopt;
  std::uint32_t bits = 0;
  const auto* const end = text.data() + text.size();
  const auto done = std::from_chars(text.data() + 2, end, bits, 16);
  if (done.ec != std::errc{} || done.ptr != end) return std::nullopt;
  return bits;
}

/// "NAME[size]" or "NAME<count>" at the end of a declaration.
struct Declared {
  std::string_view name;
  std::uint32_t count = 1;
};
Declared declared(std::string_view text, char open, char close) {
  const auto at = text.find(open);
  if (at == std::string_view::npos) return {text, 1};
  const auto count = integer(text.substr(at + 1, text.find(close) - at - 1));
  if (!count || *count < 0) throw Fault("PTX not understood: " + std::string(text));
  return {text.substr(0, at), static_cast<std::uint32_t>(*count)};
}

/// Bytes of a type such as ".b8" or ".f32".
std::uint32_t bytes_of(std::string_view type) {
  const auto bits = integer(type.substr(std::min<std::size_t>(2, type.size())));
  if (!bits || *bits % 8 != 0) throw Fault("PTX not understood: type " + std::string(type));
  return static_cast<std::uint32_t>(*bits / 8);
}

std::uint32_t aligned(std::uint32_t value, std::uint32_t to) { return (value + to - 1) / to * to; }

class KernelParser {
 public:
  explicit KernelParser(std::string_view name) { kernel_.name = name; }

  void parameter(std::string_view text) {
    kernel_.parameters.push_back(declare(text, parameters_, kernel_.parameter_bytes));
  }

  void threads_max(std::string_view text) {  // "128, 1, 1"
    const auto sizes = split(text);
    std::int64_t product = 1;
    for (const auto size : sizes) product *= integer(size).value_or(0);
    if (product <= 0) refuse(text);
    kernel_.threads_max = static_cast<std::uint32_t>(product);
  }

  /// A directive, label or instruction of the body, without its semicolon.
  void statement(std::string_view text) {
    text = trimmed(text);
    for (auto end = text.find(':'); text.starts_with('$') && end != text.npos;
         end = text.find(':')) {
      labels_.emplace(text.substr(0, end), kernel_.code.size());
      text = trimmed(text.substr(end + 1));
    }
    if (text.empty() || text.starts_with(".pragma")) return;
    auto rest = text;
    if (text.starts_with(".reg")) return registers(text);
    if (text.starts_with(".shared")) {
      take_word(rest);
      declare(rest, shared_, kernel_.shared_bytes);
      return;
    }
    if (text.starts_with('.')) refuse(text);
    if (text.starts_with('@')) return predicated(text);
    instruction(text, text);
  }

  Kernel finish() {
    for (const auto& [at, label] : branches_) {
      const auto found = labels_.find(label);
      if (found == labels_.end()) refuse(label);
      kernel_.code[at].offset =
          static_cast<std::int32_t>(found->second) - static_cast<std::int32_t>(at);
    }
    // Nothing may run over the end.
    if (kernel_.code.empty() || (kernel_.code.back().run != find_instruction("ret")->run &&
                                 kernel_.code.back().run != find_instruction("bra")->run))
      refuse("a kernel that does not end");
    number_places();
    return std::move(kernel_);
  }

 private:
  using Places = std::unordered_map<std::string_view, std::uint32_t>;
  static constexpr std::uint32_t register_mark = 1u << 31;  // until the constants are counted

  [[noreturn]] void refuse(std::string_view text) const {
    throw Fault("PTX not understood in " + kernel_.name + ": " + std::string(text));
  }

  /// ".align N .type NAME[count]", the alignment or the count left out or not.
  Kernel::Range declare(std::string_view text, Places& places, std::uint32_t& size_bytes) {
    auto word = take_word(text);
    if (word == ".param") word = take_word(text);
    std::uint32_t align = 0;
    if (word == ".align") {
      align = static_cast<std::uint32_t>(integer(take_word(text)).value_or(0));
      word = take_word(text);
    }
    const auto bytes = bytes_of(word);
    if (align == 0) align = bytes;
    const auto [name, count] = declared(text, '[', ']');
    size_bytes = aligned(size_bytes, align);
    if (!places.emplace(name, size_bytes).second) refuse(text);
    const Kernel::Range range{size_bytes, bytes * count};
    size_bytes += range.bytes;
    return range;
  }

  void registers(std::string_view text) {
    take_word(text);
    take_word(text);
    const auto [prefix, count] = declared(text, '<', '>');
    registers_.emplace(prefix, registers_declared_);
    counts_.emplace(prefix, count);
    registers_declared_ += count;
  }

  std::uint32_t constant_place(std::uint64_t value) {
    const auto [at, is_new] = constants_.try_emplace(value, kernel_.constants.size());
    if (is_new) kernel_.constants.push_back(value);
    return specials + static_cast<std::uint32_t>(at->second);
  }

  std::uint32_t place_of(std::string_view operand) {
    constexpr std::pair<std::string_view, Special> special[] = {
        {"%tid.x", tid_x}, {"%ctaid.x", ctaid_x}, {"%ntid.x", ntid_x}, {"%nctaid.x", nctaid_x}};
    for (const auto& [name, place] : special)
      if (operand == name) return place;
    if (operand.starts_with('%')) {
      const auto digits = operand.find_first_of("0123456789");
      if (digits == std::string_view::npos) refuse(operand);
      const auto prefix = operand.substr(0, digits);
      const auto number = integer(operand.substr(digits));
      const auto found = registers_.find(prefix);
      if (!number || found == registers_.end() || *number >= counts_.at(prefix)) refuse(operand);
      return register_mark | (found->second + static_cast<std::uint32_t>(*number));
    }
    if (const auto found = shared_.find(operand); found != shared_.end())
      return constant_place(found->second);
    const auto value = constant(operand);
    if (!value) refuse(operand);
    return constant_place(*value);
  }

  struct Address {
    std::string_view base;
    std::int32_t offset = 0;
  };
  /// "[base]" or "[base+offset]"
  Address address_of(std::string_view text) const {
    if (!text.starts_with('[') || !text.ends_with(']')) refuse(text);
    text = text.substr(1, text.size() - 2);
    const auto plus = text.find('+');
    if (plus == std::string_view::npos) return {trimmed(text), 0};
    const auto offset = integer(trimmed(text.substr(plus + 1)));
    if (!offset) refuse(text);
    return {trimmed(text.substr(0, plus)), static_cast<std::int32_t>(*offset)};
  }

  void append(const Op& op, std::string_view line) {
    kernel_.code.push_back(op);
    kernel_.lines.emplace_back(line);
  }

  /// "@%p INSTRUCTION" or "@!%p INSTRUCTION": a branch around it, or the branch itself.
  void predicated(std::string_view text) {
    auto rest = text.substr(1);
    const bool is = !rest.starts_with('!');
    if (!is) rest = rest.substr(1);
    Op op{.a = place_of(take_word(rest))};
    if (rest.starts_with("bra")) {
      take_word(rest);
      op.run = branch_if(is);
      branches_.emplace_back(kernel_.code.size(), rest);
      return append(op, text);
    }
    op.run = branch_if(!is);
    const auto at = kernel_.code.size();
    append(op, text);
    instruction(rest, text);
    kernel_.code[at].offset = static_cast<std::int32_t>(kernel_.code.size() - at);
  }

  void instruction(std::string_view text, std::string_view line) {
    auto rest = text;
    std::string name(take_word(rest));
    std::uint32_t elements = 1;
    for (const auto& [vector, count] : {std::pair{".v2", 2u}, {".v4", 4u}})
      if (const auto at = name.find(vector); at != std::string::npos) {
        name.erase(at, 3);
        elements = count;
      }
    const auto* known = find_instruction(name);
    if (known == nullptr) refuse(line);
    const auto operands = split(rest);
    switch (known->form) {
      case Form::values:
        return values(*known, operands, line);
      case Form::parameter:
        return load_parameter(*known, operands, line);
      case Form::load:
      case Form::store:
        return memory(*known, operands, elements, line);
      case Form::branch:
        branches_.emplace_back(kernel_.code.size(), rest);
        return append({.run = known->run}, line);
      case Form::barrier:
        return append({.run = known->run, .a = place_of(rest)}, line);
      case Form::none:
        return append({.run = known->run}, line);
    }
  }

  void values(const Instruction& known, std::span<const std::string_view> operands,
              std::string_view line) {
    if (operands.size() != known.operands) refuse(line);
    Op op{.run = known.run};
    std::uint32_t* const places[] = {&op.d, &op.a, &op.b, &op.c, &op.align};
    for (std::size_t i = 0; i < operands.size(); ++i) *places[i] = place_of(operands[i]);
    append(op, line);
  }

  void load_parameter(const Instruction& known, std::span<const std::string_view> operands,
                      std::string_view line) {
    if (operands.size() != 2) refuse(line);
    const auto [base, offset] = address_of(operands[1]);
    const auto found = parameters_.find(base);
    if (found == parameters_.end()) refuse(line);
    const auto place = static_cast<std::int32_t>(found->second) + offset;
    if (offset < 0 || static_cast<std::uint32_t>(place) + known.bytes > kernel_.parameter_bytes)
      refuse(line);
    append({.run = known.run, .d = place_of(operands[0]), .offset = place}, line);
  }

  /// A vector's elements one by one; the first has to be aligned to all of them.
  void memory(const Instruction& known, std::span<const std::string_view> operands,
              std::uint32_t elements, std::string_view line) {
    if (operands.size() != 2) refuse(line);
    const bool is_load = known.form == Form::load;
    const auto [base, offset] = address_of(operands[is_load ? 1 : 0]);
    auto value = operands[is_load ? 0 : 1];
    if (value.starts_with('{')) value = value.substr(1, value.size() - 2);
    const auto each = split(value);
    if (each.size() != elements) refuse(line);
    for (std::uint32_t i = 0; i < elements; ++i) {
      const auto place = place_of(each[i]);
      Op op{.run = known.run,
            .a = place_of(base),
            .offset = offset + static_cast<std::int32_t>(i * known.bytes),
            .align = i == 0 ? known.bytes * elements : known.bytes};
      (is_load ? op.d : op.b) = place;
      append(op, line);
    }
  }

  /// Registers come behind the constants.
  void number_places() {
    const auto first = specials + static_cast<std::uint32_t>(kernel_.constants.size());
    const auto* const bfi = find_instruction("bfi.b32");
    const auto settle = [&](std::uint32_t& place) {
      if ((place & register_mark) != 0) place = first + (place & ~register_mark);
    };
    for (auto& op : kernel_.code) {
      settle(op.d);
      settle(op.a);
      settle(op.b);
      settle(op.c);
      if (op.run == bfi->run) settle(op.align);
    }
    kernel_.places = first + registers_declared_;
  }

  Kernel kernel_;
  Places parameters_, shared_, registers_, counts_;
  std::uint32_t registers_declared_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> constants_;
  std::unordered_map<std::string_view, std::size_t> labels_;
  std::vector<std::pair<std::size_t, std::string_view>> branches_;
};

/// Blanks in place of comments.
std::string without_comments(std::string_view text) {
  std::string plain(text);
  for (auto at = plain.find("//"); at != std::string::npos; at = plain.find("//", at))
    while (at < plain.size() && plain[at] != '\n') plain[at++] = ' ';
  return plain;
}

Kernel parse_kernel(std::string_view head, std::string_view body) {
  const auto open = head.find('('), close = head.find(')');
  if (open == head.npos || close == head.npos)
    throw Fault("PTX not understood: " + std::string(head));
  KernelParser parser(trimmed(head.substr(0, open)));
  for (const auto parameter : split(head.substr(open + 1, close - open - 1)))
    parser.parameter(parameter);
  auto rest = trimmed(head.substr(close + 1));
  if (rest.starts_with(".maxntid")) {
    take_word(rest);
    parser.threads_max(rest);
  } else if (!rest.empty()) {
    throw Fault("PTX not understood: " + std::string(rest));
  }
  for (std::size_t from = 0; from < body.size();) {
    const auto end = std::min(body.find(';', from), body.size());
    parser.statement(body.substr(from, end - from));
    from = end + 1;
  }
  return parser.finish();
}

}  // namespace

Kernels parse_ptx(std::string_view text) {
  const auto plain = without_comments(text);
  std::string_view rest = plain;
  Kernels kernels;
  while (!(rest = trimmed(rest)).empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    const auto word = take_word(line);
    if (word == ".version" || word == ".target" || word == ".address_size") {
      rest = rest.substr(std::min(rest.find('\n'), rest.size()));
      continue;
    }
    auto entry = rest;
    if (word == ".visible") take_word(entry);
    if (take_word(entry) != ".entry") throw Fault("PTX not understood: " + std::string(line));
    const auto open = entry.find("\n{"), close = entry.find("\n}");
    if (open == entry.npos || close == entry.npos)
      throw Fault("PTX not understood: " + std::string(line));
    auto kernel = parse_kernel(entry.substr(0, open), entry.substr(open + 2, close - open - 2));
    auto name = kernel.name;
    kernels.emplace(std::move(name), std::move(kernel));
    rest = entry.substr(close + 2);
  }
  return kernels;
}

}  // namespace waag::emulated
