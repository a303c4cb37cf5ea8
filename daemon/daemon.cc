#include "daemon/daemon.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "daemon/api/lfs/uploads.h"
#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/bootstrap.h"
#include "daemon/auth/gate.h"
#include "daemon/convert/convert_job.h"
#include "daemon/convert/submit.h"
#include "daemon/http/net/server.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "daemon/observe/metrics.h"
#include "daemon/periodic.h"
#include "storage/os/file_system.h"

namespace waag::daemon {
namespace {

constexpr const char* address_file = "waagd.address";
/// How often the trash is looked through; days are kept, so nobody waits for the minute.
constexpr std::chrono::minutes trash_period{10};
constexpr unsigned blocking_threads_min = 4;
constexpr unsigned blocking_threads_per_core = 2;

unsigned cores() { return std::max(1u, std::thread::hardware_concurrency()); }

unsigned blocking_threads(const Config& config) {
  if (config.server.blocking_threads > 0) return config.server.blocking_threads;
  return std::max(blocking_threads_min, blocking_threads_per_core * cores());
}

SendPath send_path(std::string_view name) {
  if (name == "sendfile") return SendPath::sendfile;
  return name == "extents" ? SendPath::extents : SendPath::automatic;
}

Result<Server::Options> server_options(const Config& config) {
  Server::Options options;
  WAAG_TRY(options.listen, parse_listen_address(config.server.listen));
  WAAG_TRY(options.trusted_proxies, TrustedProxies::parse(config.server.trusted_proxies));
  options.threads = config.server.threads > 0 ? config.server.threads : cores();
  options.public_url = config.server.public_url;
  options.tls_certificate = config.server.tls_certificate;
  options.tls_key = config.server.tls_key;
  options.send_path = send_path(config.server.send_path);
  return options;
}

/// The order of members is the order of start; the reverse is shutdown.
class RealDaemon final : public Daemon {
 public:
  RealDaemon(const Config& config, Log& log) : config_(config), log_(log) {}
  ~RealDaemon() override {
    if (store_) static_cast<void>(stop());
  }
  RealDaemon(const RealDaemon&) = delete;
  RealDaemon& operator=(const RealDaemon&) = delete;

  Status start();
  Status stop() override;
  [[nodiscard]] const std::string& address() const override { return address_; }

 private:
  Status open_store();
  Status listen();
  Status publish_address();
  void empty_trash();

  const Config config_;
  Log& log_;
  storage::Clock& clock_ = storage::system_clock();
  storage::Random& random_ = storage::system_random();
  std::unique_ptr<storage::FileSystem> fs_ = storage::make_posix_file_system();
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<asio::thread_pool> blocking_;
  std::unique_ptr<Authenticator> auth_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<App> app_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Periodic> trash_;
  std::string address_;
};

Status RealDaemon::open_store() {
  storage::StoreOptions options;
  options.data = config_.store.data;
  options.reserve_bytes = config_.store.reserve_bytes;
  options.rows.block_cache_bytes = config_.store.block_cache_bytes;
  WAAG_TRY(store_, storage::Store::open(*fs_, clock_, random_, std::move(options)));
  WAAG_TRY(const bool first, bootstrap_admin(*store_, config_.store.data, clock_, random_));
  LogLine line;
  line.event = first ? "store_created" : "store_opened";
  log_.write(line);
  return ok();
}

Status RealDaemon::listen() {
  WAAG_TRY(auto options, server_options(config_));
  const std::string host = options.listen.host;
  const Server::Parts parts{routes(), *blocking_, clock_, random_, *metrics_, log_};
  auto to_gate = [app = app_.get()](const Route& route, Request request) {
    return answer(*app, route, std::move(request));
  };
  WAAG_TRY(server_, Server::start(parts, to_gate, std::move(options)));
  const bool v6 = host.find(':') != std::string::npos;
  address_ = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(server_->port());
  return ok();
}

void RealDaemon::empty_trash() {
  const auto emptied = store_->empty_trash(std::chrono::days(config_.store.trash_days));
  if (emptied && *emptied == 0) return;
  LogLine line;
  line.level = emptied ? LogLevel::info : LogLevel::error;
  line.event = emptied ? "trash_emptied" : "trash_failed";
  if (!emptied) line.err = emptied.error().what;
  log_.write(line);
}

/// By rename, so that a reader never sees half of it.
Status RealDaemon::publish_address() {
  const auto target = std::filesystem::path(config_.store.data) / address_file;
  const auto draft = target.string() + ".new";
  {
    std::ofstream file(draft, std::ios::trunc);
    file << address_ << '\n';
    if (!file.flush()) return fail(Errc::unavailable, "cannot write " + draft);
  }
  std::error_code error;
  std::filesystem::rename(draft, target, error);
  if (error) return fail(Errc::unavailable, "cannot write " + target.string());
  return ok();
}

Status RealDaemon::start() {
  WAAG_CHECK(open_store());
  blocking_ = std::make_unique<asio::thread_pool>(blocking_threads(config_));
  auth_ = std::make_unique<Authenticator>(*store_, *blocking_, clock_);
  metrics_ = std::make_unique<Metrics>(routes());
  WAAG_TRY(auto href_key, load_href_key(config_.store.data, random_));
  app_ = std::make_unique<App>(App{config_, *store_, *blocking_, clock_, random_, *auth_, *metrics_,
                                   log_, std::move(href_key)});
  WAAG_TRY(app_->mirror, Mirror::start(config_, *store_, *blocking_, clock_, random_, log_));
  WAAG_CHECK(app_->uploads->resume(*store_, clock_.now()));
  if (app_->mirror)
    app_->mirror->add_jobs(*app_->jobs, std::bind_front(convert_mirrored, std::ref(*app_)));
  WAAG_CHECK(add_convert_jobs(*app_));
  WAAG_CHECK(app_->jobs->start());
  if (app_->mirror) app_->mirror->begin_schedule();
  trash_ = std::make_unique<Periodic>(trash_period, [this] { empty_trash(); });
  WAAG_CHECK(listen());
  WAAG_CHECK(publish_address());
  LogLine line;
  line.event = "ready";
  line.address = address_;
  log_.write(line);
  log_.flush();
  return ok();
}

Status RealDaemon::stop() {
  std::error_code ignored;
  std::filesystem::remove(std::filesystem::path(config_.store.data) / address_file, ignored);
  if (app_) app_->jobs->begin_stop();  // first, so that those who watch jobs leave
  if (server_) server_->stop(std::chrono::seconds(config_.server.drain_s));
  if (app_ && app_->mirror) app_->mirror->begin_stop();  // what jobs wait for
  if (app_) app_->jobs->stop();                          // before what their work uses
  // Before the threads of connections: what it wakes is posted there.
  if (app_) app_->mirror.reset();
  server_.reset();
  trash_.reset();
  if (blocking_) blocking_->join();
  app_.reset();  // unfinished uploads hold on to the store
  const auto closed = store_->close();
  store_.reset();
  log_.flush();
  return closed;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const Config& config, Log& log) {
  auto daemon = std::make_unique<RealDaemon>(config, log);
  WAAG_CHECK(daemon->start());
  return std::unique_ptr<Daemon>(std::move(daemon));
}

Log::Options log_options(const Config& config) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
  const auto at = std::ranges::find(names, std::string_view(config.log.level));
  Log::Options options;
  if (at != std::end(names)) options.least = static_cast<LogLevel>(at - std::begin(names));
  options.json = config.log.format == "json";
  return options;
}

}  // namespace waag::daemon
