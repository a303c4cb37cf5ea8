// What a GB costs on its way in and out: wall and CPU seconds, by stage and as a whole.
//
//   ingest_bench DIR [MiB]      DIR is made anew inside an existing folder; default 2048 MiB
//
// The data are BF16 of a Gaussian, sigma 0.02, fixed seed: random mantissas, so that nothing but
// duplicates can be saved. 1 GB = 1e9 B of the file.
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>

#include "protocol/hash.h"
#include "protocol/xet/chunker.h"
#include "protocol/xet/hashing_chunker.h"
#include "protocol/xet/merkle.h"
#include "storage/blob_reader.h"
#include "storage/ingest.h"
#include "storage/meta/row_store.h"
#include "storage/os/clock.h"

namespace {

using namespace waag;
using namespace waag::storage;

constexpr std::size_t block_bytes = 8u << 20;  // made at a time
constexpr std::size_t piece_bytes = 1u << 20;  // handed to write(), as the daemon does

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void stop(const Error& error) {
  std::fprintf(stderr, "%s\n", error.what.c_str());
  std::exit(1);
}

/// A table of normal deviates, drawn from by a fast generator: the making must not dominate the
/// run.
class Weights {
 public:
  Weights() : table_(1u << 16) {
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal(0.0F, 0.02F);
    for (auto& value : table_)
      value = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(normal(random)) >> 16);
  }
  void fill(std::uint64_t block, Bytes& out) const {
    std::uint64_t state = block * 0x9e3779b97f4a7c15ULL + 1;
    for (std::size_t at = 0; at + 8 <= out.size(); at += 8) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      std::uint64_t word = 0;
      for (int lane = 0; lane < 4; ++lane)
        word |= static_cast<std::uint64_t>(table_[(state >> (16 * lane)) & 0xffff]) << (16 * lane);
      std::memcpy(out.data() + at, &word, sizeof word);
    }
  }

 private:
  std::vector<std::uint16_t> table_;
};

struct Cost {
  double wall = 0;
  double cpu = 0;
};

/// Runs `use` over the data block by block; only `use` is timed.
Cost over_data(const Weights& weights, std::size_t blocks,
               const std::function<void(ByteView)>& use) {
  Cost cost;
  Bytes block(block_bytes);
  for (std::size_t i = 0; i < blocks; ++i) {
    weights.fill(i, block);
    const auto wall = wall_seconds();
    const auto cpu = cpu_seconds();
    use(block);
    cost.wall += wall_seconds() - wall;
    cost.cpu += cpu_seconds() - cpu;
  }
  return cost;
}

void report(const char* what, const Cost& cost, std::uint64_t bytes) {
  const auto gb = static_cast<double>(bytes) * 1e-9;
  std::printf("%-28s wall %.3f s/GB  CPU %.3f s/GB  = %.2f GB/s wall, %.2f GB/s per core of CPU\n",
              what, cost.wall / gb, cost.cpu / gb, gb / cost.wall, gb / cost.cpu);
  std::fflush(stdout);
}

void stages(const Weights& weights, std::size_t blocks) {
  const auto bytes = std::uint64_t{blocks} * block_bytes;
  Sha256 sha;
  report("stage: SHA-256", over_data(weights, blocks, [&](ByteView b) { sha.update(b); }), bytes);
  xet::Chunker chunker;
  report("stage: gear scan",
         over_data(weights, blocks,
                   [&](ByteView b) {
                     while (!b.empty()) b = b.subspan(chunker.next(b).used_bytes);
                   }),
         bytes);
  xet::HashingChunker both;
  std::vector<std::size_t> cuts;
  report("stage: both interleaved",
         over_data(weights, blocks,
                   [&](ByteView b) {
                     cuts.clear();
                     both.update(b, cuts);
                   }),
         bytes);
  report("stage: BLAKE3 of 64 KiB",
         over_data(weights, blocks,
                   [&](ByteView b) {
                     for (; !b.empty(); b = b.subspan(65536)) (void)xet::chunk_hash(b.first(65536));
                   }),
         bytes);
  report("stage: CRC-32C", over_data(weights, blocks, [&](ByteView b) { (void)crc32c(b); }), bytes);
}

IngestedBlob ingest(const char* what, const Weights& weights, std::size_t blocks, RowStore& rows,
                    PackSet& packs) {
  const auto into = begin_ingest(rows, packs);
  auto cost = over_data(weights, blocks, [&](ByteView block) {
    for (; !block.empty(); block = block.subspan(piece_bytes)) {
      const auto written = into->write(block.first(piece_bytes));
      if (!written) stop(written.error());
    }
  });
  const auto wall = wall_seconds();
  const auto cpu = cpu_seconds();
  auto blob = into->finish({});
  if (!blob) stop(blob.error());
  cost.wall += wall_seconds() - wall;
  cost.cpu += cpu_seconds() - cpu;
  report(what, cost, blob->size_bytes);
  return *blob;
}

void read_back(const IngestedBlob& blob, RowStore& rows, PackSet& packs) {
  auto reader = open_blob(rows, packs, blob.id);
  if (!reader) stop(reader.error());
  Bytes out(1u << 20);
  const auto wall = wall_seconds();
  const auto cpu = cpu_seconds();
  for (std::uint64_t at = 0; at < blob.size_bytes;) {
    const auto got = (*reader)->read(at, out);
    if (!got) stop(got.error());
    at += *got;
  }
  report("read()", {wall_seconds() - wall, cpu_seconds() - cpu}, blob.size_bytes);
  const auto run_wall = wall_seconds();
  const auto run_cpu = cpu_seconds();
  std::uint64_t runs = 0;
  for (std::uint64_t at = 0; at < blob.size_bytes; ++runs) {
    const auto run = (*reader)->raw_run(at, 8u << 20);
    if (!run) stop(run.error());
    if (!*run) stop(fail(Errc::internal, "weights are not stored raw"));
    at += (*run)->bytes;
  }
  report("raw_run(), checked", {wall_seconds() - run_wall, cpu_seconds() - run_cpu},
         blob.size_bytes);
  std::printf("mean raw run %.0f KiB\n",
              static_cast<double>(blob.size_bytes) / static_cast<double>(runs) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "ingest_bench DIR [MiB]\n"), 2;
  const std::filesystem::path data = argv[1];
  const auto mib = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2048;
  const auto blocks = static_cast<std::size_t>(mib) * (1u << 20) / block_bytes;
  const auto fs = make_posix_file_system();
  if (fs->exists(data)) return std::fprintf(stderr, "%s exists\n", argv[1]), 2;
  if (const auto made = fs->create_dir(data); !made) stop(made.error());
  auto packs = PackSet::open(*fs, system_random(), data / "packs", {});
  if (!packs) stop(packs.error());
  RowStore::Options options;
  options.data = data;
  auto rows = RowStore::open(*fs, **packs, options);
  if (!rows) stop(rows.error());

  const Weights weights;
  stages(weights, std::min<std::size_t>(blocks, 64));
  const auto blob = ingest("ingest of new bytes", weights, blocks, **rows, **packs);
  std::printf("new %.3f GB, stored %.3f GB\n", static_cast<double>(blob.new_bytes) * 1e-9,
              static_cast<double>(blob.stored_bytes) * 1e-9);
  ingest("ingest of known bytes", weights, blocks, **rows, **packs);
  read_back(blob, **rows, **packs);
  if (const auto closed = (*rows)->close(); !closed) stop(closed.error());
  return 0;
}
