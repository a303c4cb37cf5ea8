#pragma once

#include <memory>

#include "daemon/mirror/lookup.h"
#include "daemon/mirror/policy/policy.h"

namespace waag::daemon {

/// Asks the policy about revisions of upstreams; where it depends on the licence, the card is
/// fetched first. A card that is not there names no licence; one that cannot be had now is an
/// error, for nobody knows what it says.
MirrorCheck policy_check(std::shared_ptr<const MirrorPolicy> policy);

}  // namespace waag::daemon
