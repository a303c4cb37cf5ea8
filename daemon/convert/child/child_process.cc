#include "daemon/convert/child/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace waag::daemon {
namespace {

using Clock = std::chrono::steady_clock;

/// How often it is looked whether the child has ended or is to end.
constexpr int tick_ms = 50;
constexpr std::size_t error_bytes_max = 4u << 10;
/// Read at a time: more than a pipe holds, and no more, so that a flood does not hide the clock.
constexpr std::size_t drain_bytes_max = 1u << 20;
/// Between fork and exec there is nobody to tell but the parent's pipe.
constexpr int cannot_start = 127;

Error from_errno(int code, std::string_view what) {
  return fail(code == ENOENT ? Errc::not_found : Errc::unavailable,
              std::string(what) + ": " + std::system_category().message(code));
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return from_errno(errno, "pipe");
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return from_errno(errno, "pipe");
  return pipe;
}

/// A file in memory, to be read from its beginning: whoever does not read it holds up nobody.
Result<Descriptor> memory_file(std::string_view text) {
  Descriptor file(::memfd_create("job", MFD_CLOEXEC));
  if (file.get() < 0) return from_errno(errno, "memfd");
  for (std::size_t done = 0; done < text.size();) {
    const auto put = ::write(file.get(), text.data() + done, text.size() - done);
    if (put < 0 && errno != EINTR) return from_errno(errno, "memfd");
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return from_errno(errno, "memfd");
  return file;
}

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  static_cast<void>(::setrlimit(static_cast<__rlimit_resource>(resource), &both));
}

/// What the child needs of memory, made before the fork: after it only async-signal-safe calls are
/// allowed, for other threads may hold any lock.
struct Launch {
  const char* program;
  const char* folder;
  char* const* arguments;
  char* const* environment;
  int input, output, error, told;
  pid_t parent;
  rlim_t file_bytes_max;
  int descriptors_max;
  const Sandbox* sandbox;
};

/// All but the three that a program begins with: of the daemon's some may be open to all.
void close_on_exec(int descriptors_max) {
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = 3; fd < descriptors_max; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);  // Linux < 5.11
}

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  close_on_exec(launch.descriptors_max);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(cannot_start);  // it died before
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  if (launch.file_bytes_max != 0) limit(RLIMIT_FSIZE, launch.file_bytes_max);
  ::signal(SIGPIPE, SIG_DFL);  // nobody reads it any more: it ends
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool placed = ::dup2(launch.input, 0) == 0 && ::dup2(launch.output, 1) == 1 &&
                      ::dup2(launch.error, 2) == 2 && ::chdir(launch.folder) == 0;
  // What tells the parent of a failure is closed by the exec, if there is one.
  if (placed && launch.sandbox->enter())
    ::execve(launch.program, launch.arguments, launch.environment);
  const int code = errno;
  static_cast<void>(!::write(launch.told, &code, sizeof(code)));
  ::_exit(cannot_start);
}

/// A started child.
class Child {
 public:
  static Result<Child> start(const ChildOptions& options);
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)),
        output_(std::move(other.output_)),
        error_(std::move(other.error_)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (pid_ > 0) static_cast<void>(reap());
  }

  [[nodiscard]] int output() const { return output_.get(); }
  [[nodiscard]] int error() const { return error_.get(); }
  [[nodiscard]] bool ended() const {
    siginfo_t info{};
    // It stays a zombie, so that the group's number is nobody else's when the rest is killed.
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }
  /// Kills whatever of it is left.
  ChildEnd reap() {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    ChildEnd end;
    if (WIFEXITED(status)) end.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
    return end;
  }

 private:
  Child(pid_t pid, Descriptor output, Descriptor error)
      : pid_(pid), output_(std::move(output)), error_(std::move(error)) {}

  pid_t pid_;
  Descriptor output_, error_;
};

/// Which error the child met before it became the program; 0: none.
int told_error(const Descriptor& told) {
  pollfd wait{told.get(), POLLIN, 0};
  while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
  int code = 0;
  const auto got = ::read(told.get(), &code, sizeof(code));
  return got == static_cast<ssize_t>(sizeof(code)) ? code : 0;
}

Result<Child> Child::start(const ChildOptions& options) {
  WAAG_TRY(auto input, memory_file(options.input));
  WAAG_TRY(auto output, make_pipe());
  WAAG_TRY(auto error, make_pipe());
  WAAG_TRY(auto told, make_pipe());
  std::vector<std::string> texts{options.program.string()};
  texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (auto& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  std::array<char*, 1> environment{nullptr};
  const auto folder = options.folder.string();
  auto rules = options.sandbox;
  rules.readable.push_back(options.program);
  rules.readable.push_back(options.folder);
  WAAG_TRY(const auto sandbox, Sandbox::make(rules));
  const Launch launch{texts.front().c_str(),
                      folder.c_str(),
                      arguments.data(),
                      environment.data(),
                      input.get(),
                      output.write.get(),
                      error.write.get(),
                      told.write.get(),
                      ::getpid(),
                      options.file_bytes_max,
                      static_cast<int>(::sysconf(_SC_OPEN_MAX)),
                      &sandbox};
  const auto pid = ::fork();
  if (pid < 0) return from_errno(errno, "fork");
  if (pid == 0) become(launch);
  ::setpgid(pid, pid);  // both sides do it: whoever is first
  told.write.close();
  Child child(pid, std::move(output.read), std::move(error.read));
  if (const int code = told_error(told.read); code != 0) {
    static_cast<void>(child.reap());
    return from_errno(code, "cannot start " + options.program.string());
  }
  return child;
}

/// Cuts what comes into lines.
class Lines {
 public:
  Lines(std::size_t bytes_max, const TakeLine& take) : bytes_max_(bytes_max), take_(take) {}
  Status feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      line_ += bytes.substr(0, end);
      if (line_.size() > bytes_max_)
        return fail(Errc::unprocessable, "the child wrote a line that is too long");
      if (end == bytes.npos) return ok();
      bytes.remove_prefix(end + 1);
      WAAG_CHECK(take_(line_));
      line_.clear();
    }
    return ok();
  }
  /// The last line may lack its end.
  Status finish() { return line_.empty() ? ok() : take_(line_); }

 private:
  const std::size_t bytes_max_;
  const TakeLine& take_;
  std::string line_;
};

/// The end of what the child says for people.
class Tail {
 public:
  void add(std::string_view bytes) {
    text_ += bytes;
    if (text_.size() > 2 * error_bytes_max) text_.erase(0, text_.size() - error_bytes_max);
  }
  [[nodiscard]] std::string take() {
    if (text_.size() > error_bytes_max) text_.erase(0, text_.size() - error_bytes_max);
    while (!text_.empty() && text_.back() == '\n') text_.pop_back();
    for (auto& c : text_)
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E) c = ' ';
    return std::move(text_);
  }

 private:
  std::string text_;
};

/// Hands all that is there by now to `take`. @return false: there will be no more
Result<bool> drain(int fd, const std::function<Status(std::string_view)>& take) {
  std::array<char, 16 * 1024> buffer{};
  for (std::size_t done = 0; done < drain_bytes_max;) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    done += static_cast<std::size_t>(got);
    WAAG_CHECK(take({buffer.data(), static_cast<std::size_t>(got)}));
  }
  return true;
}

/// Reads what the child says until it ends, or has to.
class Watch {
 public:
  Watch(const ChildOptions& options, const std::stop_token& stop, const TakeLine& take)
      : stop_(stop), end_(Clock::now() + options.time_max), lines_(options.line_bytes_max, take) {}

  Result<ChildEnd> run(Child& child) {
    bool ended = false;
    while (!ended) {
      if (stop_.stop_requested()) return fail(Errc::unavailable, "told to stop");
      if (Clock::now() >= end_)
        return fail(Errc::deadline_exceeded, "the child took longer than it may");
      wait(child);
      ended = child.ended();  // before what it has said is read: nothing comes after it
      WAAG_CHECK(read(child));
    }
    WAAG_CHECK(lines_.finish());
    auto end = child.reap();
    end.error_text = tail_.take();
    return end;
  }

 private:
  void wait(const Child& child) const {
    // poll() passes over descriptors below 0.
    std::array<pollfd, 2> both{pollfd{output_open_ ? child.output() : -1, POLLIN, 0},
                               pollfd{error_open_ ? child.error() : -1, POLLIN, 0}};
    static_cast<void>(::poll(both.data(), both.size(), tick_ms));
  }
  Status read(const Child& child) {
    const auto to_lines = [this](std::string_view bytes) { return lines_.feed(bytes); };
    const auto to_tail = [this](std::string_view bytes) {
      tail_.add(bytes);
      return ok();
    };
    if (output_open_) {
      WAAG_TRY(output_open_, drain(child.output(), to_lines));
    }
    if (error_open_) {
      WAAG_TRY(error_open_, drain(child.error(), to_tail));
    }
    return ok();
  }

  const std::stop_token& stop_;
  const Clock::time_point end_;
  Lines lines_;
  Tail tail_;
  bool output_open_ = true, error_open_ = true;
};

}  // namespace

Result<ChildEnd> run_child(const ChildOptions& options, const std::stop_token& stop,
                           const TakeLine& take) {
  WAAG_TRY(auto child, Child::start(options));
  return Watch(options, stop, take).run(child);
}

}  // namespace waag::daemon
