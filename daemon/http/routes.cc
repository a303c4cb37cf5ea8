#include "daemon/http/routes.h"

#include "daemon/http/routes/families.h"

/// The one route table, family by family in the order of docs/API.md. The order of rows does not
/// decide which one matches: the longest literal match wins (daemon/http/router.h).
namespace waag::daemon {
namespace {

std::vector<Route> collect() {
  using namespace families;
  std::vector<Route> all;
  for (const Family& family :
       {health(), files(), metadata(), side_calls(), profiles(), repo_changes(), access(),
        uploads(), xet_tokens(), xet_server(), git(), forum(), organisations(), collaborators(),
        jobs(), mirrors(), administration()})
    all.insert(all.end(), family.begin(), family.end());
  return all;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = collect();
  return table;
}

}  // namespace waag::daemon
