// What a commit of many small files costs through the store alone: wall and CPU seconds.
//
//   commit_bench DIR [FILES] [BYTES]    DIR is made anew; default 5000 files of 1000 bytes
//
// Files are staged one after the other and committed, as the daemon does it with a request's body;
// each round's contents are new.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "storage/store.h"

namespace {

using namespace waag;
using namespace waag::storage;

constexpr int rounds = 3;
constexpr std::size_t files_a_folder = 250;

[[noreturn]] void stop(const Error& error) {
  std::fprintf(stderr, "%s\n", error.what.c_str());
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error());
  return *std::move(result);
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}
double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Lines of JSON, no two files the same.
std::string content(int round, std::size_t file, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes)
    text += "{\"round\": " + std::to_string(round) + ", \"file\": " + std::to_string(file) +
            ", \"at\": " + std::to_string(text.size()) + "}\n";
  text.resize(bytes);
  return text;
}

void commit(Store& store, std::uint64_t repo, int round, std::size_t files, std::size_t bytes) {
  CommitRequest request;
  request.repo_uid = repo;
  request.ref = "refs/heads/main";
  request.user = "bench";
  request.message = "Add files";
  request.staged = store.staging_area();
  for (std::size_t i = 0; i < files; ++i) {
    const auto file = must(request.staged->file());
    must(file->write(as_bytes(content(round, i, bytes))));
    Change change;
    change.path = "d" + std::to_string(i / files_a_folder) + "/f" + std::to_string(i);
    change.blob = must(file->finish()).git_id;
    request.changes.push_back(std::move(change));
  }
  must(store.commit(std::move(request)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "commit_bench DIR [FILES] [BYTES]\n"), 2;
  const std::filesystem::path data = argv[1];
  const std::size_t files = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5000;
  const std::size_t bytes = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1000;
  if (std::filesystem::exists(data)) return std::fprintf(stderr, "%s exists\n", argv[1]), 2;
  const auto disk = make_posix_file_system();
  StoreOptions options;
  options.data = data;
  options.reserve_bytes = 0;
  const auto store = must(Store::open(*disk, system_clock(), system_random(), options));
  NewRepo repo;
  repo.id = {RepoType::model, "bench", "files"};
  repo.creator = "bench";
  const auto uid = must(store->create_repo(repo)).uid;
  for (int round = 1; round <= rounds; ++round) {
    const auto wall = wall_seconds();
    const auto cpu = cpu_seconds();
    commit(*store, uid, round, files, bytes);
    std::printf("commit of %zu files of %zu B: wall %.3f s, CPU %.3f s\n", files, bytes,
                wall_seconds() - wall, cpu_seconds() - cpu);
  }
  must(store->close());
  return 0;
}
