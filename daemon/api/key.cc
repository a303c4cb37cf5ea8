#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/secrets/hub_key.h"

namespace waag::daemon::api {

Reply get_key(App& app, Request) {
  auto ask = [key = app.hub_key] { return key->public_key(); };
  WAAG_CO_TRY(const auto key, co_await offload(app.blocking, std::move(ask)));
  auto response = text_response(certificate::to_pem(key));
  response.headers.set("Content-Type", "application/x-pem-file");
  response.headers.set("Cache-Control", "no-cache");
  co_return response;
}

}  // namespace waag::daemon::api
