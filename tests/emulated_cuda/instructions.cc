#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <unordered_map>

#include "tests/emulated_cuda/machine.h"

// What each instruction does. Arithmetic of floats is the host's, which rounds each operation once
// and keeps subnormals, but for NaN: a device's is always the same one.

namespace waag::emulated {
namespace {

using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using f32 = float;

template <class T>
constexpr unsigned bits_of = sizeof(T) * 8;

f32 number(f32 x) { return x == x ? x : std::bit_cast<f32>(0x7fffffffu); }

/// D = f(A...), all of one type but D and, where it is named, the last.
template <class D, class A, auto f>
const Op* one(Thread& t, const Op* op) {
  t.set<D>(op->d, static_cast<D>(f(t.get<A>(op->a))));
  return op + 1;
}
template <class D, class A, auto f, class B = A>
const Op* two(Thread& t, const Op* op) {
  t.set<D>(op->d, static_cast<D>(f(t.get<A>(op->a), t.get<B>(op->b))));
  return op + 1;
}
template <class D, class A, auto f, class C = A>
const Op* three(Thread& t, const Op* op) {
  t.set<D>(op->d, static_cast<D>(f(t.get<A>(op->a), t.get<A>(op->b), t.get<C>(op->c))));
  return op + 1;
}

template <class T>
const Op* load_parameter(Thread& t, const Op* op) {
  T value;
  std::memcpy(&value, t.parameters + op->offset, sizeof value);
  t.set<T>(op->d, value);
  return op + 1;
}

void check_alignment(u64 address, const Op* op) {
  if (address % op->align != 0) throw Fault("the address is not a multiple of its size");
}

template <class T>
const Op* load_global(Thread& t, const Op* op) {
  const auto address = t.get<u64>(op->a) + static_cast<u64>(s64{op->offset});
  check_alignment(address, op);
  T value;
  std::memcpy(&value, t.global->read(address, sizeof value, t.visitor), sizeof value);
  t.set<T>(op->d, value);
  return op + 1;
}
template <class T>
const Op* store_global(Thread& t, const Op* op) {
  const auto address = t.get<u64>(op->a) + static_cast<u64>(s64{op->offset});
  check_alignment(address, op);
  const auto value = t.get<T>(op->b);
  std::memcpy(t.global->write(address, sizeof value, t.visitor), &value, sizeof value);
  return op + 1;
}
template <class T>
const Op* load_shared(Thread& t, const Op* op) {
  const u32 address = t.get<u32>(op->a) + static_cast<u32>(op->offset);
  check_alignment(address, op);
  T value;
  std::memcpy(&value, t.shared->read(address, sizeof value, t.number), sizeof value);
  t.set<T>(op->d, value);
  return op + 1;
}
template <class T>
const Op* store_shared(Thread& t, const Op* op) {
  const u32 address = t.get<u32>(op->a) + static_cast<u32>(op->offset);
  check_alignment(address, op);
  const auto value = t.get<T>(op->b);
  std::memcpy(t.shared->write(address, sizeof value, t.number), &value, sizeof value);
  return op + 1;
}

const Op* branch(Thread& t, const Op* op) {
  if (--t.branches_left == 0) throw Fault("a loop without an end");
  return op + op->offset;
}
template <bool is>
const Op* conditional(Thread& t, const Op* op) {
  return (t.places[op->a] != 0) == is ? branch(t, op) : op + 1;
}

const Op* barrier(Thread& t, const Op* op) {
  if (t.get<u32>(op->a) != 0xffffffff) throw Fault("a barrier of less than the warp");
  t.state = Thread::State::waits;
  t.next = op + 1;
  return nullptr;
}
const Op* leave(Thread& t, const Op*) {
  t.state = Thread::State::exited;
  t.next = nullptr;
  return nullptr;
}
constexpr auto same = [](auto x) { return x; };

/// The lesser or greater; the other one of a NaN; -0 is less than +0.
f32 lesser(f32 x, f32 y) {
  if (x != x || y != y) return number(x != x ? y : x);
  if (x == y) return std::signbit(x) ? x : y;
  return x < y ? x : y;
}
f32 greater(f32 x, f32 y) {
  if (x != x || y != y) return number(x != x ? y : x);
  if (x == y) return std::signbit(x) ? y : x;
  return x > y ? x : y;
}

/// Towards zero, NaN as 0, and the nearest there is of what does not fit.
template <class T>
T truncated(f32 x) {
  using Limits = std::numeric_limits<T>;
  if (x != x) return 0;
  if (x <= static_cast<f32>(Limits::min())) return Limits::min();
  if (x >= std::ldexp(1.0f, Limits::digits)) return Limits::max();
  return static_cast<T>(x);
}

u32 insert_bits(u32 field, u32 into, u32 place, u32 length) {
  place &= 0xff;
  length &= 0xff;
  for (u32 i = 0; i < length && place + i < 32; ++i) {
    into &= ~(1u << (place + i));
    into |= (field >> i & 1) << (place + i);
  }
  return into;
}
const Op* bfi(Thread& t, const Op* op) {  // its fourth operand stands behind the third
  const auto length = t.get<u32>(op->align);
  t.set(op->d, insert_bits(t.get<u32>(op->a), t.get<u32>(op->b), t.get<u32>(op->c), length));
  return op + 1;
}

u32 permuted(u32 low, u32 high, u32 selector) {
  const u64 bytes = u64{high} << 32 | low;
  u32 out = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const u32 pick = selector >> (4 * i) & 15;
    auto byte = static_cast<u8>(bytes >> (8 * (pick & 7)));
    if ((pick & 8) != 0) byte = (byte & 0x80) != 0 ? 0xff : 0;
    out |= u32{byte} << (8 * i);
  }
  return out;
}

using Table = std::unordered_map<std::string_view, Instruction>;

constexpr Instruction unary(Handler run) { return {run, Form::values, 2}; }
constexpr Instruction binary(Handler run) { return {run, Form::values, 3}; }
constexpr Instruction ternary(Handler run) { return {run, Form::values, 4}; }

template <class T, auto f>
constexpr Instruction compare() {
  return binary(two<bool, T, f>);
}
template <class T>
constexpr Instruction choose() {
  return ternary(three<T, T, [](T x, T y, bool first) { return first ? x : y; }, bool>);
}
template <class D, class A>
constexpr Instruction convert() {
  return unary(one<D, A, same>);
}

void add_floats(Table& table) {
  table.insert({
      {"add.rn.f32", binary(two<f32, f32, [](f32 x, f32 y) { return number(x + y); }>)},
      {"sub.rn.f32", binary(two<f32, f32, [](f32 x, f32 y) { return number(x - y); }>)},
      {"mul.rn.f32", binary(two<f32, f32, [](f32 x, f32 y) { return number(x * y); }>)},
      {"div.rn.f32", binary(two<f32, f32, [](f32 x, f32 y) { return number(x / y); }>)},
      {"rcp.rn.f32", unary(one<f32, f32, [](f32 x) { return number(1.0f / x); }>)},
      {"sqrt.rn.f32", unary(one<f32, f32, [](f32 x) { return number(std::sqrt(x)); }>)},
      {"abs.f32", unary(one<f32, f32, [](f32 x) { return number(std::fabs(x)); }>)},
      {"neg.f32", unary(one<f32, f32, [](f32 x) { return number(-x); }>)},
      {"min.f32", binary(two<f32, f32, lesser>)},
      {"max.f32", binary(two<f32, f32, greater>)},
      {"mov.f32", convert<f32, f32>()},
      {"selp.f32", choose<f32>()},
      {"setp.eq.f32", compare<f32, [](f32 x, f32 y) { return x == y; }>()},
      {"setp.lt.f32", compare<f32, [](f32 x, f32 y) { return x < y; }>()},
      {"setp.gt.f32", compare<f32, [](f32 x, f32 y) { return (x > y); }>()},
      {"setp.le.f32", compare<f32, [](f32 x, f32 y) { return x <= y; }>()},
      {"setp.ge.f32", compare<f32, [](f32 x, f32 y) { return x >= y; }>()},
      {"setp.ne.f32", compare<f32, [](f32 x, f32 y) { return x < y || (x > y); }>()},
      {"setp.equ.f32", compare<f32, [](f32 x, f32 y) { return !(x < y || x > y); }>()},
      {"setp.neu.f32", compare<f32, [](f32 x, f32 y) { return x != y; }>()},
      {"setp.ltu.f32", compare<f32, [](f32 x, f32 y) { return !(x >= y); }>()},
      {"setp.gtu.f32", compare<f32, [](f32 x, f32 y) { return !(x <= y); }>()},
      {"setp.leu.f32", compare<f32, [](f32 x, f32 y) { return !(x > y); }>()},
      {"setp.geu.f32", compare<f32, [](f32 x, f32 y) { return !(x < y); }>()},
      {"setp.nan.f32", compare<f32, [](f32 x, f32 y) { return x != x || y != y; }>()},
      {"setp.num.f32", compare<f32, [](f32 x, f32 y) { return x == x && y == y; }>()},
      {"cvt.rn.f32.s16", convert<f32, s16>()},
      {"cvt.rn.f32.u16", convert<f32, u16>()},
      {"cvt.rn.f32.s32", convert<f32, s32>()},
      {"cvt.rn.f32.u32", convert<f32, u32>()},
      {"cvt.rn.f32.s64", convert<f32, s64>()},
      {"cvt.rn.f32.u64", convert<f32, u64>()},
      {"cvt.rzi.s32.f32", unary(one<s32, f32, truncated<s32>>)},
      {"cvt.rzi.u32.f32", unary(one<u32, f32, truncated<u32>>)},
  });
}

/// For one type of integers. Those of 16 bits are computed in 32, as the host does.
template <class T>
void add_arithmetic(Table& table, const std::string_view (&names)[8]) {
  using U = std::make_unsigned_t<T>;
  using W = std::conditional_t<(sizeof(U) < 4), u32, U>;  // no overflow of a sign
  const Instruction all[] = {
      binary(two<T, T, [](T x, T y) { return static_cast<U>(W{U(x)} + W{U(y)}); }>),
      binary(two<T, T, [](T x, T y) { return static_cast<U>(W{U(x)} - W{U(y)}); }>),
      binary(two<T, T, [](T x, T y) { return static_cast<U>(W{U(x)} * W{U(y)}); }>),
      binary(two<T, T, [](T x, T y) { return x < y ? x : y; }>),
      binary(two<T, T, [](T x, T y) { return (x > y) ? x : y; }>),
      binary(two<T, T,
                 [](T x, T y) {
                   if (y == 0) throw Fault("division by zero");
                   return static_cast<T>(x / y);
                 }>),
      binary(two<T, T,
                 [](T x, T y) {
                   if (y == 0) throw Fault("division by zero");
                   return static_cast<T>(x % y);
                 }>),
      ternary(
          three<T, T, [](T x, T y, T z) { return static_cast<U>(W{U(x)} * W{U(y)} + W{U(z)}); }>)};
  for (std::size_t i = 0; i < std::size(names); ++i) table.emplace(names[i], all[i]);
}

template <class T>
void add_comparisons(Table& table, const std::string_view (&names)[7]) {
  const Instruction all[] = {compare<T, [](T x, T y) { return x == y; }>(),
                             compare<T, [](T x, T y) { return x != y; }>(),
                             compare<T, [](T x, T y) { return x < y; }>(),
                             compare<T, [](T x, T y) { return x <= y; }>(),
                             compare<T, [](T x, T y) { return (x > y); }>(),
                             compare<T, [](T x, T y) { return x >= y; }>(),
                             choose<T>()};
  for (std::size_t i = 0; i < std::size(names); ++i) table.emplace(names[i], all[i]);
}

/// Bits of a width, unsigned.
template <class T>
void add_bits(Table& table, const std::string_view (&names)[9]) {
  using S = std::make_signed_t<T>;
  const Instruction all[] = {
      binary(two<T, T, [](T x, T y) { return static_cast<T>(x & y); }>),
      binary(two<T, T, [](T x, T y) { return static_cast<T>(x | y); }>),
      binary(two<T, T, [](T x, T y) { return static_cast<T>(x ^ y); }>),
      unary(one<T, T, [](T x) { return static_cast<T>(~x); }>),
      binary(two<T, T, [](T x, u32 n) { return static_cast<T>(n < bits_of<T> ? u64{x} << n : 0); },
                 u32>),
      binary(two<T, T, [](T x, u32 n) { return static_cast<T>(n < bits_of<T> ? u64{x} >> n : 0); },
                 u32>),
      binary(two<T, T,
                 [](T x, u32 n) {
                   return static_cast<T>(s64{S(x)} >> (n < bits_of<T> ? n : bits_of<T> - 1));
                 },
                 u32>),
      convert<T, T>(),
      choose<T>()};
  for (std::size_t i = 0; i < std::size(names); ++i) table.emplace(names[i], all[i]);
}

void add_integers(Table& table) {
  add_arithmetic<s16>(table, {"add.s16", "sub.s16", "mul.lo.s16", "min.s16", "max.s16", "div.s16",
                              "rem.s16", "mad.lo.s16"});
  add_arithmetic<s32>(table, {"add.s32", "sub.s32", "mul.lo.s32", "min.s32", "max.s32", "div.s32",
                              "rem.s32", "mad.lo.s32"});
  add_arithmetic<s64>(table, {"add.s64", "sub.s64", "mul.lo.s64", "min.s64", "max.s64", "div.s64",
                              "rem.s64", "mad.lo.s64"});
  add_arithmetic<u32>(table, {"add.u32", "sub.u32", "mul.lo.u32", "min.u32", "max.u32", "div.u32",
                              "rem.u32", "mad.lo.u32"});
  add_arithmetic<u64>(table, {"add.u64", "sub.u64", "mul.lo.u64", "min.u64", "max.u64", "div.u64",
                              "rem.u64", "mad.lo.u64"});
  add_comparisons<s16>(table, {"setp.eq.s16", "setp.ne.s16", "setp.lt.s16", "setp.le.s16",
                               "setp.gt.s16", "setp.ge.s16", "selp.s16"});
  add_comparisons<s32>(table, {"setp.eq.s32", "setp.ne.s32", "setp.lt.s32", "setp.le.s32",
                               "setp.gt.s32", "setp.ge.s32", "selp.s32"});
  add_comparisons<s64>(table, {"setp.eq.s64", "setp.ne.s64", "setp.lt.s64", "setp.le.s64",
                               "setp.gt.s64", "setp.ge.s64", "selp.s64"});
  add_comparisons<u16>(table, {"setp.eq.u16", "setp.ne.u16", "setp.lt.u16", "setp.le.u16",
                               "setp.gt.u16", "setp.ge.u16", "selp.u16"});
  add_comparisons<u32>(table, {"setp.eq.u32", "setp.ne.u32", "setp.lt.u32", "setp.le.u32",
                               "setp.gt.u32", "setp.ge.u32", "selp.u32"});
  add_comparisons<u64>(table, {"setp.eq.u64", "setp.ne.u64", "setp.lt.u64", "setp.le.u64",
                               "setp.gt.u64", "setp.ge.u64", "selp.u64"});
  add_bits<u16>(table, {"and.b16", "or.b16", "xor.b16", "not.b16", "shl.b16", "shr.u16", "shr.s16",
                        "mov.u16", "selp.b16"});
  add_bits<u32>(table, {"and.b32", "or.b32", "xor.b32", "not.b32", "shl.b32", "shr.u32", "shr.s32",
                        "mov.u32", "selp.b32"});
  add_bits<u64>(table, {"and.b64", "or.b64", "xor.b64", "not.b64", "shl.b64", "shr.u64", "shr.s64",
                        "mov.u64", "selp.b64"});
  for (const auto& [name, as] : {std::pair{"setp.eq.b16", "setp.eq.u16"},
                                 {"setp.ne.b16", "setp.ne.u16"},
                                 {"setp.eq.b32", "setp.eq.u32"},
                                 {"setp.ne.b32", "setp.ne.u32"},
                                 {"setp.eq.b64", "setp.eq.u64"},
                                 {"setp.ne.b64", "setp.ne.u64"},
                                 {"mov.b16", "mov.u16"},
                                 {"mov.b32", "mov.u32"},
                                 {"mov.b64", "mov.u64"},
                                 {"cvta.to.global.u64", "mov.u64"}})
    table.emplace(name, table.at(as));
  table.insert({
      {"mul.wide.u16", binary(two<u32, u16, [](u16 x, u16 y) { return u32{x} * u32{y}; }>)},
      {"mul.wide.u32", binary(two<u64, u32, [](u32 x, u32 y) { return u64{x} * y; }>)},
      {"mul.wide.s32", binary(two<s64, s32, [](s32 x, s32 y) { return s64{x} * y; }>)},
      {"clz.b32", unary(one<u32, u32, [](u32 x) { return std::countl_zero(x); }>)},
      {"popc.b32", unary(one<u32, u32, [](u32 x) { return std::popcount(x); }>)},
      {"prmt.b32", ternary(three<u32, u32, permuted>)},
      {"bfi.b32", {bfi, Form::values, 5}},
      {"and.pred", binary(two<bool, bool, [](bool x, bool y) { return x && y; }>)},
      {"or.pred", binary(two<bool, bool, [](bool x, bool y) { return x || y; }>)},
      {"xor.pred", binary(two<bool, bool, [](bool x, bool y) { return x != y; }>)},
      {"not.pred", unary(one<bool, bool, [](bool x) { return !x; }>)},
      {"mov.pred", unary(one<bool, u64, [](u64 x) { return x != 0; }>)},
  });
}

void add_conversions(Table& table) {
  using s8 = std::int8_t;
  table.insert({{"cvt.s16.s8", convert<s16, s8>()},
                {"cvt.s32.s8", convert<s32, s8>()},
                {"cvt.u16.u8", convert<u16, u8>()},
                {"cvt.u32.u8", convert<u32, u8>()},
                {"cvt.s32.s16", convert<s32, s16>()},
                {"cvt.u32.u16", convert<u32, u16>()},
                {"cvt.u64.u16", convert<u64, u16>()},
                {"cvt.u16.u32", convert<u16, u32>()},
                {"cvt.u64.u32", convert<u64, u32>()},
                {"cvt.s64.s32", convert<s64, s32>()},
                {"cvt.u16.u64", convert<u16, u64>()},
                {"cvt.u32.u64", convert<u32, u64>()}});
}

template <class T>
void add_memory(Table& table, const std::string_view (&names)[5]) {
  constexpr auto bytes = static_cast<u8>(sizeof(T));
  table.emplace(names[0], Instruction{load_parameter<T>, Form::parameter, 0, bytes});
  table.emplace(names[1], Instruction{load_global<T>, Form::load, 0, bytes});
  table.emplace(names[2], Instruction{load_shared<T>, Form::load, 0, bytes});
  table.emplace(names[3], Instruction{store_global<T>, Form::store, 0, bytes});
  table.emplace(names[4], Instruction{store_shared<T>, Form::store, 0, bytes});
}

Table make_table() {
  Table table;
  add_floats(table);
  add_integers(table);
  add_conversions(table);
  add_memory<u8>(table,
                 {"ld.param.u8", "ld.global.u8", "ld.shared.u8", "st.global.u8", "st.shared.u8"});
  add_memory<u16>(
      table, {"ld.param.u16", "ld.global.u16", "ld.shared.u16", "st.global.u16", "st.shared.u16"});
  add_memory<u32>(
      table, {"ld.param.u32", "ld.global.u32", "ld.shared.u32", "st.global.u32", "st.shared.u32"});
  add_memory<u64>(
      table, {"ld.param.u64", "ld.global.u64", "ld.shared.u64", "st.global.u64", "st.shared.u64"});
  add_memory<f32>(
      table, {"ld.param.f32", "ld.global.f32", "ld.shared.f32", "st.global.f32", "st.shared.f32"});
  table.insert({{"bra", {branch, Form::branch}},
                {"bra.uni", {branch, Form::branch}},
                {"bar.warp.sync", {barrier, Form::barrier}},
                {"ret", {leave, Form::none}}});
  return table;
}

}  // namespace

const Instruction* find_instruction(std::string_view name) {
  static const Table table = make_table();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

Handler branch_if(bool is) { return is ? conditional<true> : conditional<false>; }

}  // namespace waag::emulated
