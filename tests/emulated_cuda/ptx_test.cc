#include "tests/emulated_cuda/ptx.h"

#include <bit>

#include <catch2/catch.hpp>

#include "tests/emulated_cuda/machine.h"

namespace waag::emulated {
namespace {

/// A kernel with [%rd1], its only parameter, 256 bytes of shared memory, and a word of it for each
/// thread at %r1; %r2 is the thread.
std::string kernel(const std::string& body) {
  return R"(.version 9.0
.target sm_90
.address_size 64
// A comment; and more.
.visible .entry k(
	.param .u64 k_param_0
)
.maxntid 64, 1, 1
{
	.reg .pred 	%p<4>;
	.reg .b16 	%rs<4>;
	.reg .f32 	%f<4>;
	.reg .b32 	%r<8>;
	.reg .b64 	%rd<4>;
	.shared .align 4 .b8 words[256];

	ld.param.u64 	%rd1, [k_param_0];
	mov.u32 	%r2, %tid.x;
	mov.u32 	%r3, words;
	mad.lo.s32 	%r1, %r2, 4, %r3;
)" + body +
         "\n\tret;\n\n}\n";
}

struct Ran {
  std::uint32_t word = 0;  // what lies at [%rd1]
  std::string fault;
};

Ran ran(const std::string& body, std::uint32_t threads = 1, Order order = Order::forwards,
        std::size_t bytes = 4) {
  DeviceMemory memory;
  const auto address = memory.allocate(bytes);
  LaunchOf launch{nullptr, 1, threads, std::vector<std::byte>(8)};
  std::memcpy(launch.parameters.data(), &address, 8);
  Ran out;
  try {
    const auto kernels = parse_ptx(kernel(body));
    launch.kernel = &kernels.at("k");
    run(launch, 1, order, memory);
    std::memcpy(&out.word, memory.read(address, 4, {}), 4);
  } catch (const Fault& fault) {
    out.fault = fault.what();
  }
  return out;
}

/// The value of an instruction, "NAME OPERANDS".
std::uint32_t value_of(const std::string& instruction, const std::string& place) {
  const auto at = instruction.find(' ');
  const auto out =
      ran(instruction.substr(0, at) + " " + place + ", " + instruction.substr(at) + "; st.global." +
          (place == "%f1" ? "f32" : "u32") + " [%rd1], " + place + ";");
  CAPTURE(instruction);
  CHECK(out.fault == "");
  return out.word;
}
bool holds(const std::string& comparison) {
  const auto at = comparison.find(' ');
  const auto out = ran(comparison.substr(0, at) + " %p1, " + comparison.substr(at) +
                       "; selp.u32 %r4, 1, 0, %p1; st.global.u32 [%rd1], %r4;");
  CAPTURE(comparison);
  CHECK(out.fault == "");
  return out.word == 1;
}

void check_fault(const Ran& out, const std::string& part) {
  CAPTURE(out.fault);
  CHECK(out.fault.find(part) != std::string::npos);
}

const std::string one = "0f3F800000", nan = "0fFFC01234", zero = "0f00000000";
const std::string minus_zero = "0f80000000", least = "0f00000001", huge = "0f7F7FFFFF";
constexpr std::uint32_t device_nan = 0x7fffffff;

}  // namespace

TEST_CASE("ptx: floats round once, keep subnormals, and have one NaN") {
  CHECK(value_of("add.rn.f32 0f3F800000, 0f33800001", "%f1") == 0x3f800001);
  CHECK(value_of("add.rn.f32 0f3F800000, 0f33800000", "%f1") == 0x3f800000);
  CHECK(value_of("mul.rn.f32 0f00000003, 0f3F000000", "%f1") == 2);  // half of 3 ties to even
  CHECK(value_of("sub.rn.f32 0f00800000, 0f00000001", "%f1") == 0x007fffff);
  CHECK(value_of("div.rn.f32 0f3F800000, 0f40400000", "%f1") == 0x3eaaaaab);
  CHECK(value_of("rcp.rn.f32 0f40400000", "%f1") == 0x3eaaaaab);
  CHECK(value_of("sqrt.rn.f32 0f40000000", "%f1") == 0x3fb504f3);
  CHECK(value_of("sqrt.rn.f32 0fBF800000", "%f1") == device_nan);
  CHECK(value_of("add.rn.f32 " + one + ", " + nan, "%f1") == device_nan);
  CHECK(value_of("mul.rn.f32 0f7F800000, " + zero, "%f1") == device_nan);
  CHECK(value_of("mov.f32 " + nan, "%f1") == 0xffc01234);
}

TEST_CASE("ptx: the lesser and the greater of zeros and NaN") {
  CHECK(value_of("min.f32 " + zero + ", " + minus_zero, "%f1") == 0x80000000);
  CHECK(value_of("max.f32 " + minus_zero + ", " + zero, "%f1") == 0);
  CHECK(value_of("min.f32 " + nan + ", " + one, "%f1") == 0x3f800000);
  CHECK(value_of("max.f32 " + one + ", " + nan, "%f1") == 0x3f800000);
  CHECK(value_of("max.f32 " + nan + ", " + nan, "%f1") == device_nan);
}

TEST_CASE("ptx: comparisons of what has no order") {
  for (const std::string name : {"eq", "ne", "lt", "le", "gt", "ge", "num"})
    CHECK_FALSE(holds("setp." + name + ".f32 " + one + ", " + nan));
  for (const std::string name : {"equ", "neu", "ltu", "leu", "gtu", "geu", "nan"})
    CHECK(holds("setp." + name + ".f32 " + one + ", " + nan));
  CHECK(holds("setp.eq.f32 " + zero + ", " + minus_zero));
  CHECK_FALSE(holds("setp.ltu.f32 " + one + ", " + one));
  CHECK(holds("setp.geu.f32 " + one + ", " + least));
  CHECK(holds("setp.lt.s32 -1, 0"));
  CHECK_FALSE(holds("setp.lt.u32 -1, 0"));
}

TEST_CASE("ptx: integers of what does not fit") {
  CHECK(value_of("cvt.rzi.s32.f32 " + huge, "%r4") == 0x7fffffff);
  CHECK(value_of("cvt.rzi.s32.f32 0fCF800000", "%r4") == 0x80000000);
  CHECK(value_of("cvt.rzi.s32.f32 " + nan, "%r4") == 0);
  CHECK(value_of("cvt.rzi.s32.f32 0fC0200000", "%r4") == static_cast<std::uint32_t>(-2));
  CHECK(value_of("cvt.rzi.u32.f32 0fBF800000", "%r4") == 0);
  CHECK(value_of("cvt.rn.f32.s32 16777217", "%f1") == 0x4b800000);
  CHECK(value_of("shl.b32 1, 32", "%r4") == 0);
  CHECK(value_of("shr.u32 -1, 33", "%r4") == 0);
  CHECK(value_of("shr.s32 -8, 1", "%r4") == static_cast<std::uint32_t>(-4));
  CHECK(value_of("mul.lo.s32 -3, 5", "%r4") == static_cast<std::uint32_t>(-15));
  CHECK(value_of("min.s32 -3, 5", "%r4") == static_cast<std::uint32_t>(-3));
  CHECK(value_of("bfi.b32 -1, 0, 7, 25", "%r4") == 0xffffff80);
  CHECK(value_of("prmt.b32 287454020, -1430532899, 61509", "%r4") == 0xff44ddcc);
  CHECK(value_of("clz.b32 1", "%r4") == 31);
}

TEST_CASE("ptx: memory that is not there") {
  CHECK(ran("mov.u32 %r4, 7; st.global.u32 [%rd1], %r4;").word == 7);
  check_fault(ran("st.global.u32 [%rd1+4], %r2;"), "4 bytes at 4 of an allocation of 4");
  check_fault(ran("ld.global.f32 %f1, [%rd1+-4];"), "none of the device's memory");
  check_fault(ran("st.global.u32 [%rd1+2], %r2;", 1, Order::forwards, 8), "not a multiple");
  check_fault(ran("mov.u64 %rd2, 140737488355200; ld.global.f32 %f1, [%rd2];"),
              "none of the device's memory");
  check_fault(ran("st.shared.u32 [%r1+256], %r2;"), "of shared memory of 256");
  check_fault(ran("ld.shared.f32 %f1, [%r1];"), "nobody wrote");
  DeviceMemory memory;
  const auto address = memory.allocate(8);
  CHECK(memory.left() == 1);
  CHECK_FALSE(memory.release(address + 4));
  CHECK(memory.release(address));
  CHECK_FALSE(memory.release(address));
  CHECK_THROWS_WITH(memory.read(address, 1, {}), Catch::Contains("was freed"));
  CHECK(memory.allocate(8) != address);
}

TEST_CASE("ptx: what threads do to each other") {
  const std::string write = "st.shared.u32 [%r1], %r2; ", barrier = "bar.warp.sync -1; ";
  const std::string read = "xor.b32 %r4, %r1, 4; ld.shared.u32 %r5, [%r4]; ";  // the neighbour's
  for (const auto order : {Order::forwards, Order::backwards, Order::mixed}) {
    CHECK(ran(write + barrier + read, 32, order).fault == "");
    check_fault(ran(write + read, 32, order), "wrote");
    check_fault(ran(write + barrier + write + read, 32, order), "without a barrier");
    check_fault(ran(write + barrier + read + write, 32, order), "without a barrier");
    CHECK(ran(write + barrier + read + barrier + write, 32, order).fault == "");
    check_fault(ran("st.shared.u32 [%r3], %r2;", 2, order), "without a barrier");
    check_fault(ran("st.global.u8 [%rd1], %r2;", 2, order), "written twice in a launch");
  }
  const std::string other_warp = "xor.b32 %r4, %r1, 128; ld.shared.u32 %r5, [%r4];";
  check_fault(ran(write + barrier + other_warp, 64), "nobody wrote");
  check_fault(ran(write + barrier + "xor.b32 %r4, %r1, 128; st.shared.u32 [%r4], %r2;", 64),
              "wrote");
  const std::string leave = "setp.gt.u32 %p1, %r2, 7; @%p1 bra $L_out; ";
  check_fault(ran(leave + barrier + "$L_out:", 32), "24 threads of a warp do not come");
  CHECK(ran(leave + "$L_out: " + barrier, 32).fault == "");
  check_fault(ran("$L_here: bra.uni $L_here;"), "a loop without an end");
}

TEST_CASE("ptx: vectors, predicates and branches") {
  CHECK(ran("mov.u16 %rs1, 17; mov.u16 %rs2, 34; st.global.v4.u8 [%rd1], {%rs1, %rs2, %rs1, %rs2};")
            .word == 0x22112211);
  check_fault(ran("st.global.v2.u8 [%rd1+1], {%rs1, %rs2};"), "not a multiple");
  CHECK(
      ran("mov.u32 %r4, 1; setp.eq.s32 %p1, %r2, 0; @!%p1 mov.u32 %r4, 2; @%p1 add.s32 %r4, %r4, 8;"
          "st.global.u32 [%rd1], %r4;")
          .word == 9);
  CHECK(ran("mov.u32 %r4, 0; $L_1: add.s32 %r4, %r4, 3; setp.lt.u32 %p1, %r4, 10; @%p1 bra $L_1;"
            "st.global.u32 [%rd1], %r4;")
            .word == 12);
}

TEST_CASE("ptx: what is not understood is refused") {
  for (const std::string body :
       {"fma.rn.f32 %f1, %f1, %f1, %f1;", "add.f32 %f1, %f1, %f1;", "add.rn.f32 %f1, %f1;",
        "add.rn.f32 %f1, %f1, %f9;", "mov.u32 %r1, %laneid;", "bra $L_nowhere;",
        "ld.param.u64 %rd1, [k_param_0+4];", "ld.param.u64 %rd1, [other];", ".local .b8 x[4];",
        "ld.volatile.shared.u32 %r1, [%r1];", "mov.f32 %f1, 0f3F80;", "bar.sync 0;"}) {
    CAPTURE(body);
    check_fault(ran(body), "PTX not understood");
  }
  check_fault(ran("bar.warp.sync 1;"), "less than the warp");
  CHECK_THROWS_AS(parse_ptx(".global .b32 x;"), Fault);
}

TEST_CASE("ptx: what may round otherwise") {
  for (const auto* name : {"add.rn.f32", "sub.rn.f32", "div.rn.f32", "sqrt.rn.f32", "add.s32",
                           "mad.lo.s32", "abs.f32", "min.f32", "setp.lt.f32", "cvt.rn.f32.s32"})
    CHECK(rounding_fault(name) == "");
  for (const auto* name :
       {"add.f32", "sub.f32", "mul.f32", "fma.rn.f32", "mad.rn.f32", "div.full.f32",
        "div.approx.f32", "sqrt.approx.f32", "rcp.approx.f32", "add.rn.ftz.f32", "abs.ftz.f32",
        "setp.lt.ftz.f32", "mul.rz.f32", "ex2.approx.f32", "add.f64", "rsqrt.approx.f32"}) {
    CAPTURE(name);
    CHECK(rounding_fault(name) != "");
  }
}

}  // namespace waag::emulated
