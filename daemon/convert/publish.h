#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/convert/convert_spec.h"
#include "daemon/convert/converter_events.h"
#include "daemon/convert/validation/certificate_files.h"
#include "daemon/http/message.h"
#include "daemon/jobs/job_context.h"
#include "storage/store.h"

namespace waag::daemon {

struct App;

/// What all repos of one conversion have in common.
struct Conversion {
  storage::RepoRow source;
  ConvertSpec spec;
  std::string readme;                        // of the source
  std::vector<storage::TreeEntry> licences;  // of the source
  std::filesystem::path output;              // where the converter's files lie
  std::vector<ConverterFile> files;          // all of them, as it told
  std::vector<std::string> warnings;         // likewise, each once
  /// By target, but for what the publisher knows; empty: no validation was wanted.
  std::map<std::string, certificate::Certificate> certificates;
};

/// Puts the converter's files into repos: checked, through the store's way in, one commit a repo.
/// What is there already is not committed again, so a second beginning goes on where the first
/// stopped. Used by one thread.
class Publisher {
 public:
  /// @param who  the asker as of now
  Publisher(App& app, JobContext& context, const Identity& who, const Conversion& conversion);

  /// Looks at all files before any is published. Errc::unprocessable
  Status check() const;
  struct Published {
    RepoId repo;
    CommitId commit;
    std::uint64_t bytes = 0, files = 0;  // of this conversion
  };
  Result<Published> publish(const RepoId& destination);

 private:
  struct Placed {
    const ConverterFile* file = nullptr;
    std::string path;  // in the repo
  };
  [[nodiscard]] std::vector<Placed> files_for(const RepoId& destination) const;
  Result<storage::RepoRow> open_repo(const RepoId& destination);
  Result<storage::Change> put(const Placed& placed, storage::StagingArea& area);
  Result<storage::Change> put_small(const Placed& placed, storage::StagingArea& area);
  Result<storage::Change> put_large(const Placed& placed);
  using Weights = std::map<std::string, std::uint64_t>;  // bytes, by path
  [[nodiscard]] std::string card_for(const RepoId& destination, const storage::Snapshot& head,
                                     const Weights& weights,
                                     const CertificateFiles& certificates) const;
  Status put_certificates(const RepoId& destination, const std::vector<Placed>& placed,
                          CertificateFiles& files, storage::CommitRequest& commit);
  Status put_text(const std::string& path, const std::string& text, storage::StagingArea& area,
                  std::vector<storage::Change>& changes);

  storage::Store& store_;
  HubKey& hub_key_;
  JobContext& context_;
  const Identity& who_;
  const Conversion& conversion_;
};

}  // namespace waag::daemon
