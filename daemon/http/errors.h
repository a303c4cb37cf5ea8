#pragma once

#include <string_view>

#include "daemon/http/message.h"

namespace waag::daemon {

/// The Hub's reply to an Error, by the one table protocol/hub/errors: status, X-Error-Code,
/// X-Error-Message and {"error":"text"}. What the caller did wrong is said in `error.what`'s words;
/// what we did wrong is said in the table's, `what` stays in the log.
Response error_response(const Error& error, const Identity& who);

/// A reply that no Errc names: unknown route, wrong method, a request the guard refused.
Response refusal(unsigned status, std::string_view text);

/// "Not Found" for 404; "Unknown" for a status this hub never sends.
std::string_view reason_phrase(unsigned status);

}  // namespace waag::daemon
