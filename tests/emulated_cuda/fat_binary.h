#pragma once

#include <string>
#include <vector>

// What nvcc keeps in a host object for the device: machine code and PTX, one after the other. The
// form is not documented; this is what CUDA 13's nvcc writes.
//
//   header   u32 0xba55ed50, u16 version 1, u16 size of the header, u64 size of the entries
//   entry    u16 kind (1 PTX, 2 machine code), u16 version, u32 size of the header, u64 size of the
//            content, u32 size of it compressed; at 40 u64 flags; at 56 u64 size of it expanded

namespace waag::emulated {

/// The texts of the PTX in it.
/// @param bytes  the header is followed by as much as it says
/// @throws Fault  it is not of the form above, or compressed by something else than Zstandard
std::vector<std::string> ptx_of_fat_binary(const void* bytes);

}  // namespace waag::emulated
