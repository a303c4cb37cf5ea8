#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/convert/child/child_process.h"
#include "daemon/convert/converter_events.h"
#include "daemon/convert/materialize.h"
#include "daemon/convert/publish.h"

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
  Status run_converter(std::string_view device);
  Status take(std::string_view line);
  void on(const ConverterDevice& device);
  void on(const ConverterPlan& plan);
  void on(const ConverterTensor& tensor);
  void on(const ConverterWarning& warning);
  Status on(ConverterFile& file);
  Status judge(const ChildEnd& end) const;
  Status publish();
  void warn_of_rules(const RepoId& repo, std::vector<std::string>& warnings) const;
  [[nodiscard]] std::string child_input(std::string_view device) const;
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
  std::string device_;                               // where the work is done, and why
  std::string cpu_because_;                          // ours, where not the converter's reason
  std::string refusal_;                              // what the converter said last of why not
  bool done_ = false;                                // it said so
};

/// Teaches app.jobs the kind "convert", and sweeps what conversions that are over have left. Before
/// Jobs::start(). @param app  outlives the work
Status add_convert_jobs(App& app);

}  // namespace waag::daemon
