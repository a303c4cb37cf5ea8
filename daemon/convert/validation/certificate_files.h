#pragma once

#include <map>
#include <set>

#include "daemon/auth/secrets/hub_key.h"
#include "daemon/convert/validation/certify.h"
#include "storage/store.h"

namespace waag::daemon {

/// The certificates of a repo of conversions: those that it has, and those that a commit brings.
/// A file below certificates/ that this hub has not signed is a person's, and left alone, unless it
/// has the name of one that comes. Used for one commit.
class CertificateFiles {
 public:
  /// @param before  what the commit is made on
  /// @param key     asked only where there may be certificates; all three outlive this. If it
  ///                cannot be read, none is known to be this hub's
  static CertificateFiles open(storage::Store& store, const std::vector<storage::TreeEntry>& before,
                               HubKey& key);
  CertificateFiles() = default;

  /// Signed, unless the repo has it already and only the time differs: that it was found to be so
  /// once more is no news. @param made  complete but for the key. @return errors of HubKey::sign()
  Status put(certificate::Certificate made, storage::StagingArea& area,
             std::vector<storage::Change>& changes);

  /// Takes away those that hold no more after `changes`: a file that they name has changed or gone.
  void remove_stale(std::vector<storage::Change>& changes);

  /// What the repo has after that, by path.
  [[nodiscard]] const std::map<std::string, certificate::Certificate>& held() const {
    return held_;
  }

 private:
  void take(const storage::TreeEntry& entry, const certificate::PublicKey& ours);
  [[nodiscard]] const storage::TreeEntry* find(std::string_view path) const;
  [[nodiscard]] bool has_signature(const std::string& path, std::string_view text,
                                   const certificate::PublicKey& ours) const;
  Result<storage::Change> file(const std::string& path, std::string_view content,
                               storage::StagingArea& area) const;

  storage::Store* store_ = nullptr;
  const std::vector<storage::TreeEntry>* before_ = nullptr;
  HubKey* key_ = nullptr;
  std::map<std::string, certificate::Certificate> held_;
  std::set<std::string> put_;  // by this commit
};

}  // namespace waag::daemon
