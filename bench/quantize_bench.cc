// Our quantizers against ggml's, type by type, on one core: million elements a second of both, the
// ratio, and whether the bytes were the same.
//
//   quantize_bench LIBGGML_BASE [--lanes scalar|avx2|avx512] [--type NAME] [--imatrix]
//                  [--seconds N] [--columns N]
//
// Both quantize the same rows in turn, pair by pair, and the median of the pairs counts; time is
// that of the thread on its CPU, so a busy machine disturbs less. Exit 1 if any byte differs.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string_view>
#include <vector>

#include <dlfcn.h>

#include "convert/quant/quantize.h"

namespace {

using namespace waag::convert;

using GgmlQuantize = std::size_t (*)(int type, const float* from, void* to, std::int64_t start,
                                     std::int64_t rows, std::int64_t columns, const float* imatrix);

constexpr std::array types{
    TensorType::q4_k, TensorType::q6_k, TensorType::q5_k,   TensorType::q8_0,   TensorType::q4_0,
    TensorType::q2_k, TensorType::q3_k, TensorType::iq4_xs, TensorType::iq4_nl, TensorType::q5_0,
    TensorType::q4_1, TensorType::q5_1, TensorType::mxfp4,  TensorType::f16,    TensorType::bf16,
};

struct Options {
  const char* library = nullptr;
  std::string_view type;
  Lanes lanes = best_lanes();
  bool imatrix = false;
  double seconds = 2;
  std::uint64_t columns = 4096;
};

struct Data {
  std::vector<float> values;
  std::vector<float> importance;
  std::vector<std::byte> theirs;
  std::vector<std::byte> ours;
};

constexpr std::uint64_t rows = 8;
constexpr std::size_t pairs_min = 5;
/// Ours runs this often in a pair, or a short call is measured by the clock's grain.
constexpr int repeats = 8;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "quantize_bench LIBGGML_BASE [--lanes scalar|avx2|avx512] [--type NAME]"
               " [--imatrix] [--seconds N] [--columns N]\n");
  std::exit(2);
}

Lanes lanes_of(std::string_view name) {
  if (name == "scalar") return Lanes::scalar;
  const Lanes lanes = name == "avx2" ? Lanes::avx2 : Lanes::avx512;
  if ((name != "avx2" && name != "avx512") || lanes > best_lanes()) usage();
  return lanes;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--imatrix") {
      options.imatrix = true;
    } else if (!flag.starts_with("--") && options.library == nullptr) {
      options.library = argv[i];
    } else if (++i == argc) {
      usage();
    } else if (flag == "--lanes") {
      options.lanes = lanes_of(argv[i]);
    } else if (flag == "--type") {
      options.type = argv[i];
    } else if (flag == "--seconds") {
      options.seconds = std::atof(argv[i]);
    } else if (flag == "--columns") {
      options.columns = std::strtoull(argv[i], nullptr, 10);
    } else {
      usage();
    }
  }
  if (options.library == nullptr || options.columns == 0) usage();
  return options;
}

/// Normal values as a checkpoint holds them: rounded to BF16.
Data make_data(TensorType type, const Options& options) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  Data data;
  data.values.resize(rows * options.columns);
  for (float& value : data.values) {
    const float exact = 0.02f * normal(random);
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(exact) & 0xffff0000u);
  }
  if (options.imatrix) data.importance.resize(options.columns);
  for (float& weight : data.importance) weight = std::exp(normal(random));
  data.theirs.resize(rows * row_bytes(type, options.columns));
  data.ours.resize(data.theirs.size());
  return data;
}

/// @return whether the bytes were the same
bool measure(TensorType type, const Options& options, GgmlQuantize ggml) {
  Data data = make_data(type, options);
  const float* importance = data.importance.empty() ? nullptr : data.importance.data();
  std::vector<double> theirs, ours, ratio;
  for (const double start = cpu_seconds();
       cpu_seconds() - start < options.seconds || ratio.size() < pairs_min;) {
    const double begin = cpu_seconds();
    ggml(static_cast<int>(type), data.values.data(), data.theirs.data(), 0, rows,
         static_cast<std::int64_t>(options.columns), importance);
    const double middle = cpu_seconds();
    for (int i = 0; i < repeats; ++i)
      quantize_rows(type, {data.values, options.columns, data.importance, data.ours},
                    options.lanes);
    ours.push_back((cpu_seconds() - middle) / repeats);
    theirs.push_back(middle - begin);
    ratio.push_back(theirs.back() / ours.back());
  }
  const bool same = data.theirs == data.ours;
  const double million = static_cast<double>(data.values.size()) * 1e-6;
  const std::string_view name = block_of(type).name;
  std::printf("%-7.*s %-8s ggml %8.1f  ours %8.1f Melem/s  ratio %6.2f  %s\n",
              static_cast<int>(name.size()), name.data(), options.imatrix ? "imatrix" : "",
              million / median(theirs), million / median(ours), median(ratio),
              same ? "same bits" : "DIFFERS");
  std::fflush(stdout);
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  void* library = ::dlopen(options.library, RTLD_NOW);
  if (library == nullptr) return std::fprintf(stderr, "%s\n", ::dlerror()), 2;
  const auto ggml = reinterpret_cast<GgmlQuantize>(::dlsym(library, "ggml_quantize_chunk"));
  if (ggml == nullptr) return std::fprintf(stderr, "%s\n", ::dlerror()), 2;
  bool same = true;
  for (const auto type : types) {
    const auto block = block_of(type);
    if (!options.type.empty() && block.name != options.type) continue;
    if (options.columns % block.block_elements == 0) same &= measure(type, options, ggml);
  }
  return same ? 0 : 1;
}
