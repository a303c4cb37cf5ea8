#include "tests/emulated_cuda/machine.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>

namespace waag::emulated {
namespace {

constexpr unsigned warp_threads = 32;
/// A thread that branches more often is in a loop without an end: a row of a tile has 2^20 values.
constexpr std::uint64_t branches_max = std::uint64_t{1} << 26;

/// A group of threads, one warp at a time.
class Group {
 public:
  Group(const LaunchOf& launch, std::uint32_t number, Order order, DeviceMemory& global)
      : launch_(launch),
        kernel_(*launch.kernel),
        number_(number),
        order_(order),
        global_(global),
        shared_(kernel_.shared_bytes),
        places_(std::size_t{warp_threads} * kernel_.places) {
    fill_with_garbage(places_.data(), places_.size() * sizeof(std::uint64_t));
    for (unsigned lane = 0; lane < warp_threads; ++lane)
      std::ranges::copy(kernel_.constants, places_of(lane) + specials);
  }

  void run(std::uint32_t group) {
    shared_.begin_group();
    for (unsigned first = 0; first < launch_.threads; first += warp_threads) {
      const auto count = std::min(warp_threads, launch_.threads - first);
      for (unsigned lane = 0; lane < count; ++lane) begin(lane, first + lane, group);
      while (run_step(std::span(warp_).first(count))) shared_.begin_step();
      shared_.begin_step();
    }
  }

 private:
  std::uint64_t* places_of(unsigned lane) {
    return places_.data() + std::size_t{lane} * kernel_.places;
  }

  void begin(unsigned lane, unsigned number, std::uint32_t group) {
    auto& thread = warp_[lane];
    thread = {.places = places_of(lane),
              .parameters = launch_.parameters.data(),
              .global = &global_,
              .shared = &shared_,
              .visitor = {number_, group * launch_.threads + number},
              .number = number,
              .next = kernel_.code.data(),
              .branches_left = branches_max};
    thread.places[tid_x] = number;
    thread.places[ctaid_x] = group;
    thread.places[ntid_x] = launch_.threads;
    thread.places[nctaid_x] = launch_.groups;
  }

  /// Each thread to its next barrier.
  /// @return false: all are through
  bool run_step(std::span<Thread> warp) {
    for (std::size_t turn = 0; turn < warp.size(); ++turn) run_thread(warp[turn_of(turn, warp)]);
    ++steps_;
    const auto waits =
        static_cast<std::size_t>(std::ranges::count(warp, Thread::State::waits, &Thread::state));
    if (waits != 0 && waits != warp.size())
      throw Fault(kernel_.name + ": " + std::to_string(warp.size() - waits) +
                  " threads of a warp do not come to its barrier");
    return waits != 0;
  }

  std::size_t turn_of(std::size_t turn, std::span<Thread> warp) const {
    if (order_ == Order::forwards) return turn;
    if (order_ == Order::backwards) return warp.size() - 1 - turn;
    if (warp.size() != warp_threads) return turn;
    return (turn * 11 + steps_ * 7) % warp_threads;  // 11 has no factor with 32: each has its turn
  }

  void run_thread(Thread& thread) {
    thread.state = Thread::State::runs;
    const Op* op = thread.next;
    const Op* now = op;
    try {
      while (op != nullptr) {
        now = op;
        op = op->run(thread, op);
      }
    } catch (const Fault& fault) {
      const auto place = static_cast<std::size_t>(now - kernel_.code.data());
      throw Fault(kernel_.name + ", thread " + std::to_string(thread.visitor.thread) + ", \"" +
                  kernel_.lines[place] + "\": " + fault.what());
    }
  }

  const LaunchOf& launch_;
  const Kernel& kernel_;
  const std::uint32_t number_;
  const Order order_;
  DeviceMemory& global_;
  SharedMemory shared_;
  std::vector<std::uint64_t> places_;
  Thread warp_[warp_threads];
  std::uint64_t steps_ = 0;
};

}  // namespace

void run(const LaunchOf& launch, std::uint32_t number, Order order, DeviceMemory& global) {
  Group group(launch, number, order, global);
  for (std::uint32_t i = 0; i < launch.groups; ++i) group.run(i);
}

}  // namespace waag::emulated
