#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/emulated_cuda/memory.h"

// PTX, the assembly language that nvcc makes of kernels and a driver compiles, as an interpreter
// wants it: an array of operations, each a function of this program and the places of its operands.
// Understood is what the kernels of convert/gpu/ use (instructions.cc); all else is refused.
//
// Source: NVIDIA, Parallel Thread Execution ISA, version 9.0.

namespace waag::emulated {

struct Op;
struct Thread;
/// @return the operation that follows, or nullptr: the thread has stopped
using Handler = const Op* (*)(Thread&, const Op*);

/// Operands are places in a thread's registers; constants have one, too.
struct Op {
  Handler run = nullptr;
  std::uint32_t d = 0, a = 0, b = 0, c = 0;
  std::int32_t offset = 0;  // bytes from an address, or operations from a branch to where it goes
  std::uint32_t align = 1;  // of an address
};

/// Places of what differs between threads; constants follow.
enum Special : std::uint32_t { tid_x, ctaid_x, ntid_x, nctaid_x, specials };

struct Kernel {
  struct Range {
    std::uint32_t first = 0, bytes = 0;
  };
  std::string name;
  std::uint32_t parameter_bytes = 0;
  std::vector<Range> parameters;
  std::uint32_t shared_bytes = 0;
  std::uint32_t threads_max = 1024;  // of a group
  std::vector<Op> code;
  std::vector<std::string> lines;        // the text of each operation
  std::vector<std::uint64_t> constants;  // in places `specials` and on
  std::uint32_t places = specials;       // constants and registers
};

/// By name.
using Kernels = std::map<std::string, Kernel, std::less<>>;

/// @throws Fault  names the line that is not understood
Kernels parse_ptx(std::string_view text);

/// What an instruction wants, in the order that it is written in.
enum class Form : std::uint8_t {
  values,     // a destination and up to three operands
  parameter,  // destination, [parameter + offset]
  load,       // destination, [address + offset]
  store,      // [address + offset], value
  branch,     // label
  barrier,    // mask
  none,
};
struct Instruction {
  Handler run = nullptr;
  Form form = Form::values;
  std::uint8_t operands = 0;  // Form::values: with the destination
  std::uint8_t bytes = 0;     // of what is loaded or stored
};
/// @param name  such as "add.rn.f32"; of a vector's load or store, an element's
/// @return nullptr: not known
const Instruction* find_instruction(std::string_view name);
/// Branches if the predicate in place a is, or is not.
Handler branch_if(bool is);

/// Why an instruction may round otherwise than binary32 arithmetic as written (FORMATS 3.0), or "".
/// It is contracted, approximated, flushes subnormals, or is not marked, so that ptxas may
/// contract.
std::string rounding_fault(std::string_view name);

}  // namespace waag::emulated
