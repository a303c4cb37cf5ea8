#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/convert/child/converter_run.h"
#include "daemon/convert/converter_events.h"
#include "daemon/convert/materialize.h"
#include "daemon/convert/publish.h"
#include "daemon/convert/validation/verdicts.h"

namespace waag::daemon {

struct App;

/// Converts one commit's weights and publishes what comes of it: the work of a job of the kind
/// "convert". The converter is a child that sees a folder with the source's files and one for its
/// own (DATA/convert/ID/in and /out), and nothing of the hub. Used once, by one thread.
///
/// What it has finished stays for another beginning of the job, after a restart or an error that
/// may heal, and goes when the job is over.
class ConvertJob {
 public:
  /// @param device_is_taken  by a conversion of this hub: one at a time has it
  ConvertJob(App& app, JobContext& context, std::atomic<bool>& device_is_taken);

  /// @return Errc::unprocessable if the source cannot be converted, or the converter did not do as
  ///         it said; unavailable, no_space; the asker's rights may have gone: forbidden,
  ///         repo_not_found, gated
  Status run();

 private:
  Status work();
  Status ask_again();
  Status materialize();
  Status bring_weights(Materializer& files);
  Status check_space() const;
  Status convert();
  bool recall_made();
  Status keep_made() const;
  Status check_made();
  Status convert_on_device();
  Status run_converter(std::string_view device);
  Status take(std::string_view line);
  void on(const ConverterDevice& device);
  void on(const ConverterPlan& plan);
  void on(const ConverterTensor& tensor);
  void on(const ConverterWarning& warning);
  Status on(ConverterFile& file);
  Status validate();
  Status publish();
  void tell_result(const boost::json::array& published, const std::vector<RepoId>& repos);
  void warn_of_rules(const RepoId& repo, std::vector<std::string>& warnings) const;
  [[nodiscard]] bool is_wanted(const std::string& target) const;
  [[nodiscard]] bool keeps_scratch(const Status& came) const;

  App& app_;
  JobContext& context_;
  std::atomic<bool>& device_is_taken_;
  const std::filesystem::path scratch_;
  Identity who_;
  Conversion conversion_;
  SourceFiles source_files_;
  std::vector<storage::TreeEntry> weights_;
  std::map<std::string, ConverterTensor> progress_;  // by target
  std::map<std::string, std::uint64_t> planned_;     // bytes, by target
  std::map<std::string, std::uint64_t> tensors_;     // how many, by target
  std::string device_;                               // where the work is done, and why
  std::string cpu_because_;                          // ours, where not the converter's reason
  Verdicts verdicts_;
  ConverterSaid said_;
  std::string made_;  // what it said of what it made, a line each
};

/// Teaches app.jobs the kind "convert", and sweeps what conversions that are over have left. Before
/// Jobs::start(). @param app  outlives the work
Status add_convert_jobs(App& app);

}  // namespace waag::daemon
