#include "tests/emulated_cuda/memory.h"

#include <algorithm>
#include <span>

namespace waag::emulated {
namespace {

/// Address: number of the allocation, from 1 << 20 on, above the place in it.
constexpr unsigned place_bits = 36;
constexpr std::uint64_t first_number = 1 << 20;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;

constexpr unsigned warp_threads = 32;
/// Several threads of a warp read a byte: this, and the warp.
constexpr std::uint32_t several = 0x80000000;

unsigned warp_of(std::uint32_t thread) {
  return (thread & several) != 0 ? thread & ~several : thread / warp_threads;
}

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[value >> shift & 15];
  return "0x" + text;
}

std::string threads(std::uint32_t one, std::uint32_t other) {
  return "threads " + std::to_string(one) + " and " +
         ((other & several) != 0 ? "several others" : std::to_string(other));
}

}  // namespace

void fill_with_garbage(void* bytes, std::size_t size_bytes) {
  std::uint32_t word = 0x9e3779b9;
  for (auto& byte : std::span(static_cast<std::uint8_t*>(bytes), size_bytes)) {
    word = word * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(word >> 24);
  }
}

std::uint64_t DeviceMemory::allocate(std::size_t size_bytes) {
  auto& made = allocations_.emplace_back();
  made.bytes.resize(size_bytes);
  fill_with_garbage(made.bytes.data(), size_bytes);
  return (first_number + allocations_.size() - 1) << place_bits;
}

bool DeviceMemory::release(std::uint64_t address) {
  const auto number = (address >> place_bits) - first_number;
  if ((address & place_mask) != 0 || number >= allocations_.size()) return false;
  auto& old = allocations_[number];
  if (!old.is_there) return false;
  old = {.bytes = {}, .writers = {}, .is_there = false};
  return true;
}

std::size_t DeviceMemory::left() const {
  return static_cast<std::size_t>(std::ranges::count(allocations_, true, &Allocation::is_there));
}

DeviceMemory::Allocation& DeviceMemory::find(std::uint64_t address, std::size_t size_bytes) {
  const auto number = (address >> place_bits) - first_number;
  if (number >= allocations_.size())
    throw Fault("address " + hex(address) + " is none of the device's memory");
  auto& found = allocations_[number];
  if (!found.is_there) throw Fault("address " + hex(address) + " was freed");
  const auto place = address & place_mask;
  if (place > found.bytes.size() || size_bytes > found.bytes.size() - place)
    throw Fault(std::to_string(size_bytes) + " bytes at " + std::to_string(place) +
                " of an allocation of " + std::to_string(found.bytes.size()));
  return found;
}

const std::byte* DeviceMemory::read(std::uint64_t address, std::size_t size_bytes,
                                    Visitor visitor) {
  auto& found = find(address, size_bytes);
  const auto place = address & place_mask;
  if (visitor.launch != 0 && !found.writers.empty()) {
    for (const auto mark : std::span(found.writers).subspan(place, size_bytes))
      if (mark >> 32 == visitor.launch && static_cast<std::uint32_t>(mark) != visitor.thread)
        throw Fault("reads what another thread of its launch wrote: " +
                    threads(visitor.thread, static_cast<std::uint32_t>(mark)));
  }
  return found.bytes.data() + place;
}

std::byte* DeviceMemory::write(std::uint64_t address, std::size_t size_bytes, Visitor visitor) {
  auto& found = find(address, size_bytes);
  const auto place = address & place_mask;
  if (visitor.launch != 0) {
    found.writers.resize(found.bytes.size());
    for (auto& mark : std::span(found.writers).subspan(place, size_bytes)) {
      if (mark >> 32 == visitor.launch && static_cast<std::uint32_t>(mark) != visitor.thread)
        throw Fault("a byte is written twice in a launch: " +
                    threads(visitor.thread, static_cast<std::uint32_t>(mark)));
      mark = std::uint64_t{visitor.launch} << 32 | visitor.thread;
    }
  }
  return found.bytes.data() + place;
}

void SharedMemory::check_range(std::uint64_t address, std::size_t size_bytes) const {
  if (address > bytes_.size() || size_bytes > bytes_.size() - address)
    throw Fault(std::to_string(size_bytes) + " bytes at " + std::to_string(address) +
                " of shared memory of " + std::to_string(bytes_.size()));
}

const std::byte* SharedMemory::read(std::uint64_t address, std::size_t size_bytes,
                                    unsigned thread) {
  check_range(address, size_bytes);
  for (auto& mark : std::span(marks_).subspan(address, size_bytes)) {
    if (mark.written < group_began_) throw Fault("reads shared memory that nobody wrote");
    if (mark.writer != thread && (mark.written == step_ || warp_of(mark.writer) != warp_of(thread)))
      throw Fault("reads what another thread wrote, without a barrier between: " +
                  threads(thread, mark.writer));
    if (mark.read != step_)
      mark.reader = thread;
    else if (mark.reader != thread)
      mark.reader = several | warp_of(thread);
    mark.read = step_;
  }
  return bytes_.data() + address;
}

std::byte* SharedMemory::write(std::uint64_t address, std::size_t size_bytes, unsigned thread) {
  check_range(address, size_bytes);
  const auto meets = [&](std::uint32_t step, std::uint32_t other) {
    return step >= group_began_ && other != thread &&
           (step == step_ || warp_of(other) != warp_of(thread));
  };
  for (auto& mark : std::span(marks_).subspan(address, size_bytes)) {
    if (meets(mark.written, mark.writer))
      throw Fault("writes what another thread wrote, without a barrier between: " +
                  threads(thread, mark.writer));
    if (meets(mark.read, mark.reader))
      throw Fault("writes what another thread read, without a barrier between: " +
                  threads(thread, mark.reader));
    mark.written = step_;
    mark.writer = thread;
  }
  return bytes_.data() + address;
}

}  // namespace waag::emulated
