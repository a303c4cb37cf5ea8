#include "daemon/convert/convert_job.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/file_access.h"
#include "daemon/catalog/weight_reader.h"
#include "daemon/convert/converter_input.h"
#include "daemon/convert/model_card.h"
#include "daemon/convert/submit.h"
#include "daemon/convert/validation/run_validation.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "daemon/mirror/schedule/schedule.h"
#include "storage/meta/jobs/job_table.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr unsigned attempts_max = 5;
/// Of one conversion: a safetensors model has hundreds of files, not more.
constexpr std::size_t files_max = 10'000;
constexpr std::size_t warnings_max = 20;
/// What the converter said, progress apart: enough for files_max. Without its end it counts as
/// none.
constexpr const char* made_name = "made";
constexpr std::size_t made_bytes_max = 16u << 20;
constexpr std::uint64_t card_bytes_max = 1u << 20;
constexpr std::uint64_t index_bytes_max = 64u << 20;
/// A weight in 4 bits becomes one in 32 at most, and a header is small.
constexpr std::uint64_t growth_max = 8;
constexpr std::uint64_t file_slack_bytes = 1u << 30;

bool may_heal(Errc code) {
  return code == Errc::upstream_failed || code == Errc::deadline_exceeded ||
         code == Errc::unavailable || code == Errc::too_many_requests;
}

fs::path scratch_root(const Config& config) {
  return fs::absolute(fs::path(config.store.data)) / "convert";
}

std::uint64_t bytes_of(const std::vector<storage::TreeEntry>& entries) {
  std::uint64_t bytes = 0;
  for (const auto& entry : entries) bytes += entry.size_bytes;
  return bytes;
}

}  // namespace

ConvertJob::ConvertJob(App& app, JobContext& context, std::atomic<bool>& device_is_taken)
    : app_(app),
      context_(context),
      device_is_taken_(device_is_taken),
      scratch_(scratch_root(app.config) / std::to_string(context.id())) {}

Status ConvertJob::run() {
  const auto came = work();
  if (!keeps_scratch(came)) {
    std::error_code ignored;  // what stays is swept at the next start
    fs::remove_all(scratch_, ignored);
  }
  return came;
}

/// As Jobs decides whether there will be another beginning.
bool ConvertJob::keeps_scratch(const Status& came) const {
  if (came) return false;
  if (app_.jobs->stopping()) return true;
  if (context_.stopped()) return false;  // cancelled
  return may_heal(came.error().code) && context_.attempt() < attempts_max;
}

Status ConvertJob::work() {
  WAAG_TRY(conversion_.spec, ConvertSpec::parse(context_.spec()));
  WAAG_CHECK(ask_again());
  WAAG_CHECK(materialize());
  WAAG_CHECK(convert());
  WAAG_CHECK(validate());
  WAAG_CHECK(ask_again());  // hours later
  WAAG_CHECK(publish());
  return verdicts_.status();
}

/// The asker's rights of now.
Status ConvertJob::ask_again() {
  auto& store = app_.store;
  WAAG_TRY(who_, app_.auth.recall(context_.owner()));
  WAAG_TRY(conversion_.source, authorised_repo(store, who_, conversion_.spec.source, Action::read));
  WAAG_CHECK(need_files(store, who_, conversion_.source));
  for (const auto& output : conversion_.spec.outputs)
    WAAG_CHECK(find_destination(store, who_, conversion_.source, output.repo));
  return ok();
}

// --- in ---

Status ConvertJob::materialize() {
  const auto& spec = conversion_.spec;
  WAAG_TRY(const auto snapshot, app_.store.snapshot(conversion_.source.uid, spec.commit));
  WAAG_TRY(const auto entries, snapshot->list("", /*recursive=*/true, "", 0));
  WAAG_TRY(source_files_, find_source_files(entries, spec.options.imatrix));
  conversion_.licences = source_files_.licences;
  Materializer files(app_.store, app_.mirror.get(), context_, who_, scratch_ / "in");
  WAAG_CHECK(files.put(conversion_.source, spec.commit, source_files_.small));
  return bring_weights(files);
}

Status ConvertJob::bring_weights(Materializer& files) {
  std::string index;
  const auto name = index_name(source_files_);
  for (const auto& entry : source_files_.small) {
    if (entry.path == name) index = read_front(app_.store, entry, index_bytes_max);
    if (entry.path == "README.md")
      conversion_.readme = read_front(app_.store, entry, card_bytes_max);
  }
  WAAG_TRY(weights_, choose_weights(source_files_, index));
  WAAG_CHECK(check_space());
  const auto small_files = source_files_.small.size();
  const auto small_bytes = bytes_of(source_files_.small);
  context_.set_total(small_bytes + bytes_of(weights_), small_files + weights_.size());
  context_.set_done(small_bytes, small_files);
  return files.put(conversion_.source, conversion_.spec.commit, weights_);
}

/// The source's files, what is made of them, and what that takes once more in the store.
Status ConvertJob::check_space() const {
  std::vector<std::string> types;
  for (const auto& output : conversion_.spec.outputs) types.push_back(output.target.type);
  const auto in = bytes_of(weights_);
  const auto needed = in + 2 * estimate_output_bytes(in, types);
  WAAG_TRY(const auto free, app_.store.files().free_bytes(app_.config.store.data));
  const auto there = free + folder_bytes(scratch_);
  if (there >= needed + app_.config.store.reserve_bytes) return ok();
  return fail(Errc::no_space, "The conversion takes about " + std::to_string(needed) +
                                  " bytes on disk, and " + std::to_string(there) + " are free");
}

// --- the converter ---

/// What an earlier beginning has converted and checked: the converter forgets how far it was once
/// it is done. @return false: nothing that is still whole
bool ConvertJob::recall_made() {
  std::ifstream lines(scratch_ / made_name);
  bool good = lines.is_open();
  for (std::string line; good && std::getline(lines, line);) good = bool(take(line));
  if (good && said_.done && check_made()) return true;
  conversion_.files.clear();
  conversion_.warnings.clear();
  said_ = {};
  made_.clear();
  return false;
}

/// For recall_made(), once all of it is checked.
Status ConvertJob::keep_made() const {
  auto& files = app_.store.files();
  const auto target = scratch_ / made_name;
  const auto part = scratch_ / (std::string(made_name) + ".part");
  if (files.exists(part)) WAAG_CHECK(files.remove(part));
  WAAG_TRY(const auto file, files.open(part, storage::OpenMode::create_new));
  WAAG_CHECK(file->write(0, as_bytes(made_)));
  WAAG_CHECK(file->sync());
  return files.rename(part, target);
}

Status ConvertJob::check_made() {
  conversion_.output = scratch_ / "out";
  context_.set_note("checking what was made");
  return Publisher(app_, context_, who_, conversion_).check();
}

Status ConvertJob::convert() {
  if (conversion_.spec.validate) WAAG_CHECK(app_.hub_key->public_key());  // before the work
  if (recall_made()) return ok();
  if (conversion_.spec.validate)
    WAAG_CHECK(check_validation(app_.config.convert, context_, scratch_));
  WAAG_CHECK(convert_on_device());
  WAAG_CHECK(check_made());
  return keep_made();
}

/// Where the device is taken, the work need not wait for it: the CPU gives the same bytes. A hub
/// that must use it runs one conversion at a time (add_convert_jobs).
Status ConvertJob::convert_on_device() {
  const auto& wanted = app_.config.convert.device;
  if (wanted == "cpu") return run_converter("cpu");
  if (device_is_taken_.exchange(true)) {
    cpu_because_ = "the device works for another job";
    return run_converter("cpu");
  }
  struct GiveBack {
    std::atomic<bool>& is_taken;
    ~GiveBack() { is_taken = false; }
  };
  const GiveBack give_back{device_is_taken_};
  return run_converter(wanted);
}

Status ConvertJob::run_converter(std::string_view device) {
  std::error_code error;
  fs::create_directories(scratch_ / "out", error);
  if (error) return fail(Errc::unavailable, "cannot make " + scratch_.string());
  context_.set_done(0, 0);
  context_.set_total(0, conversion_.spec.outputs.size());
  context_.set_note("starting the converter");
  ChildOptions options;
  options.input =
      converter_input(conversion_, scratch_, device, converter_threads(app_.config.convert));
  options.folder = scratch_ / "out";
  options.sandbox.readable = {scratch_ / "in"};
  options.sandbox.writable = {scratch_ / "out"};
  options.file_bytes_max = growth_max * bytes_of(weights_) + file_slack_bytes;
  return run_converter_program(
      app_.config.convert, std::move(options), context_.stop_token(),
      [this](std::string_view line) { return take(line); }, said_);
}

bool ConvertJob::is_wanted(const std::string& target) const {
  return std::ranges::any_of(conversion_.spec.outputs,
                             [&](const auto& one) { return one.target.text() == target; });
}

Status ConvertJob::take(std::string_view line) {
  if (line.empty()) return ok();
  WAAG_TRY(auto event, parse_converter_event(line));
  const bool is_progress = std::holds_alternative<ConverterTensor>(event);
  if (!is_progress && made_.size() < made_bytes_max) made_ += std::string(line) + '\n';
  if (const auto* device = std::get_if<ConverterDevice>(&event)) on(*device);
  if (const auto* plan = std::get_if<ConverterPlan>(&event)) on(*plan);
  if (const auto* tensor = std::get_if<ConverterTensor>(&event)) on(*tensor);
  if (const auto* warning = std::get_if<ConverterWarning>(&event)) on(*warning);
  if (auto* file = std::get_if<ConverterFile>(&event)) return on(*file);
  if (const auto* error = std::get_if<ConverterError>(&event)) said_.refusal = error->message;
  if (std::holds_alternative<ConverterDone>(event)) said_.done = true;
  return ok();
}

void ConvertJob::on(const ConverterDevice& device) {
  device_ = device.device + (device.name.empty() ? "" : " (" + device.name + ")");
  context_.set_note(device_ + ": " + (cpu_because_.empty() ? device.message : cpu_because_));
}

void ConvertJob::on(const ConverterPlan& plan) {
  if (!is_wanted(plan.target)) return;
  planned_[plan.target] = plan.bytes;
  tensors_[plan.target] = plan.tensors;
  std::uint64_t total = 0;  // targets come one after another: those to come are estimated
  for (const auto& [target, repo] : conversion_.spec.outputs) {
    const auto known = planned_.find(target.text());
    total += known != planned_.end() ? known->second
                                     : estimate_output_bytes(bytes_of(weights_), {target.type});
  }
  context_.set_total(total, conversion_.spec.outputs.size());
}

void ConvertJob::on(const ConverterTensor& tensor) {
  if (!is_wanted(tensor.target)) return;
  progress_[tensor.target] = tensor;
  std::uint64_t done = 0;
  for (const auto& [target, last] : progress_) done += last.done_bytes;
  std::set<std::string> finished;
  for (const auto& file : conversion_.files) finished.insert(file.target);
  context_.set_done(done, finished.size());
  context_.set_note(tensor.target + " " + tensor.name + " " + tensor.type);
}

void ConvertJob::on(const ConverterWarning& warning) {
  auto& warnings = conversion_.warnings;
  if (!is_wanted(warning.target) || warnings.size() >= warnings_max) return;
  // Of several targets of one source the same.
  if (std::ranges::find(warnings, warning.message) == warnings.end())
    warnings.push_back(warning.message);
}

Status ConvertJob::on(ConverterFile& file) {
  if (!is_wanted(file.target))
    return fail(Errc::unprocessable, "the converter made " + file.target + ", unasked");
  if (conversion_.files.size() >= files_max)
    return fail(Errc::unprocessable, "the converter made too many files");
  const auto same = [&](const auto& other) { return other.path == file.path; };
  if (std::ranges::any_of(conversion_.files, same))
    return fail(Errc::unprocessable, "the converter made " + file.path + " twice");
  conversion_.files.push_back(std::move(file));
  return ok();
}

// --- out ---

/// What lost too much is left out from here on; what is there of an earlier one stays.
Status ConvertJob::validate() {
  if (!conversion_.spec.validate) return ok();
  ValidationInput input;
  input.source = scratch_ / "in";
  input.source_bytes = bytes_of(weights_);
  input.tensors = tensors_;
  WAAG_TRY(const auto validation,
           run_validation(app_.config.convert, context_, conversion_, input));
  const auto results = validation.results();
  verdicts_ = Verdicts(results);
  const auto is_left_out = [&](const std::string& target) { return verdicts_.has_failed(target); };
  std::erase_if(conversion_.spec.outputs,
                [&](const auto& one) { return is_left_out(one.target.text()); });
  std::erase_if(conversion_.files, [&](const auto& one) { return is_left_out(one.target); });
  tell_result({}, {});
  CertificateFacts facts;
  facts.text = validation.text();
  facts.device = device_;
  facts.cpu = cpu_name();
  facts.time = context_.now();
  auto read = weights_;
  for (const auto& entry : source_files_.small)
    if (is_read_by_converter(source_files_, entry.path)) read.push_back(entry);
  WAAG_TRY(facts.source_files, certified_files(input.source, read));
  for (const auto& [target, result] : results)
    if (!is_left_out(target))
      conversion_.certificates[target] = certificate_of(facts, conversion_.spec, target, result);
  return ok();
}

Status ConvertJob::publish() {
  Publisher publisher(app_, context_, who_, conversion_);
  std::uint64_t bytes = 0;
  for (const auto& file : conversion_.files) bytes += file.size_bytes;
  context_.set_total(bytes, conversion_.files.size());
  context_.set_done(0, 0);
  json::array repos;
  std::vector<RepoId> seen;
  for (const auto& output : conversion_.spec.outputs) {
    if (std::ranges::find(seen, output.repo) != seen.end()) continue;
    seen.push_back(output.repo);
    WAAG_TRY(const auto done, publisher.publish(output.repo));
    json::object one{{"repo", done.repo.full_name()}, {"commit", done.commit.hex()}};
    one["files"] = done.files;
    one["bytes"] = done.bytes;
    repos.push_back(std::move(one));
    tell_result(repos, seen);  // what is published stays, also if the next one fails
  }
  context_.set_done(bytes, conversion_.files.size());
  context_.set_note("");
  return ok();
}

void ConvertJob::tell_result(const json::array& published, const std::vector<RepoId>& repos) {
  json::object result{{"source", conversion_.spec.source.full_name()},
                      {"commit", conversion_.spec.commit.hex()},
                      {"device", device_},
                      {"published", published}};
  auto warnings = conversion_.warnings;
  for (const auto& warning : verdicts_.warnings()) warnings.push_back(warning);
  for (const auto& repo : repos) warn_of_rules(repo, warnings);
  if (!warnings.empty()) result["warnings"] = json::value_from(warnings);
  if (conversion_.spec.validate) result["validation"] = verdicts_.to_json();
  context_.set_result(std::move(result));
}

/// A repo of this hub's own is what its name stands for here, whatever an upstream has.
void ConvertJob::warn_of_rules(const RepoId& repo, std::vector<std::string>& warnings) const {
  if (!app_.mirror) return;
  const auto rules = app_.mirror->schedule().list();
  const auto covers = [&repo](const MirrorRule& rule) { return rule.covers(repo); };
  if (rules && std::ranges::any_of(*rules, covers))
    warnings.push_back(repo.full_name() + " is a repository of this hub: a mirror names it too, " +
                       "but no upstream's repository of that name comes here");
}

Status add_convert_jobs(App& app) {
  JobKind kind;
  kind.name = "convert";
  const auto& convert = app.config.convert;
  kind.at_once = convert.device == "cuda" ? std::min(1u, convert.jobs_max) : convert.jobs_max;
  kind.attempts_max = attempts_max;
  const auto device_is_taken = std::make_shared<std::atomic<bool>>(false);
  kind.work = [&app, device_is_taken](JobContext& context) {
    return ConvertJob(app, context, *device_is_taken).run();
  };
  app.jobs->add_kind(std::move(kind));
  WAAG_TRY(const auto unfinished, app.store.jobs().unfinished());
  std::set<std::string> kept;
  for (const auto& row : unfinished)
    if (!row.cancelling) kept.insert(std::to_string(row.id));
  std::error_code error;
  for (fs::directory_iterator at(scratch_root(app.config), error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (!kept.contains(at->path().filename().string())) fs::remove_all(at->path(), ignored);
  }
  return ok();
}

}  // namespace waag::daemon
